package dev.hasten.serve.protocol;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.google.protobuf.ByteString;
import com.google.protobuf.Descriptors.EnumValueDescriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Message;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * Messages as the protocol's REST side has them: the fields' own names, fields at their default
 * too, and 64-bit numbers as numbers, where protobuf's own JSON has strings.
 */
final class ProtoJson {
  private static final JsonFactory JSON = new JsonFactory();

  private ProtoJson() {}

  static String of(Message message) {
    StringWriter text = new StringWriter();
    try (JsonGenerator out = JSON.createGenerator(text)) {
      write(out, message);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return text.toString();
  }

  private static void write(JsonGenerator out, Message message) throws IOException {
    out.writeStartObject();
    for (FieldDescriptor field : message.getDescriptorForType().getFields()) {
      if (field.hasPresence() && !message.hasField(field)) {
        continue;
      }
      out.writeFieldName(field.getName());
      Object value = message.getField(field);
      if (field.isMapField()) {
        out.writeStartObject();
        for (Object entry : (List<?>) value) {
          Message pair = (Message) entry;
          out.writeFieldName(String.valueOf(pair.getField(part(pair, "key"))));
          value(out, pair.getField(part(pair, "value")));
        }
        out.writeEndObject();
      } else if (field.isRepeated()) {
        out.writeStartArray();
        for (Object element : (List<?>) value) {
          value(out, element);
        }
        out.writeEndArray();
      } else {
        value(out, value);
      }
    }
    out.writeEndObject();
  }

  private static FieldDescriptor part(Message pair, String name) {
    return pair.getDescriptorForType().findFieldByName(name);
  }

  private static void value(JsonGenerator out, Object value) throws IOException {
    switch (value) {
      case Message message -> write(out, message);
      case EnumValueDescriptor constant -> out.writeString(constant.getName());
      case Integer number -> out.writeNumber(number);
      case Long number -> out.writeNumber(number);
      case Float number -> out.writeNumber(number);
      case Double number -> out.writeNumber(number);
      case Boolean flag -> out.writeBoolean(flag);
      case ByteString bytes -> out.writeString(bytes.toString(StandardCharsets.ISO_8859_1));
      default -> out.writeString(String.valueOf(value));
    }
  }
}
