package dev.hasten.bench;

import com.google.protobuf.ByteString;
import com.google.protobuf.Descriptors.EnumValueDescriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Message;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * Damages messages with regard to their structure: a field is removed, repeated, set to an extreme,
 * exchanged with one of another message, or given a name that stands elsewhere in its own.
 */
final class MessageMutator {
  private static final int KEPT_PER_FIELD = 300;
  private static final int LARGEST_DONATION = 2_000;
  private static final long[] EXTREMES = {
    0,
    1,
    -1,
    2,
    7,
    127,
    128,
    255,
    1 << 20,
    Integer.MAX_VALUE,
    Integer.MIN_VALUE,
    1L << 32,
    1L << 40,
    1L << 62,
    Long.MAX_VALUE,
    Long.MIN_VALUE,
    Long.MAX_VALUE - 1
  };

  private final Random random;
  private final Map<FieldDescriptor, List<Object>> donations = new HashMap<>();
  private final List<String> names = new ArrayList<>();

  /**
   * @param seeds what fields are taken from
   */
  MessageMutator(Collection<? extends Message> seeds, Random random) {
    this.random = random;
    seeds.forEach(this::harvest);
  }

  private void harvest(Message message) {
    message
        .getAllFields()
        .forEach((field, value) -> {
          List<?> items = field.isRepeated() ? (List<?>) value : List.of(value);
          List<Object> kept = donations.computeIfAbsent(field, key -> new ArrayList<>());
          for (Object item : items) {
            if (item instanceof Message inner) {
              harvest(inner);
              if (inner.getSerializedSize() > LARGEST_DONATION) {
                continue;
              }
            }
            if (kept.size() < KEPT_PER_FIELD) {
              kept.add(item);
            } else if (random.nextInt(10) == 0) {
              kept.set(random.nextInt(KEPT_PER_FIELD), item);
            }
          }
        });
  }

  /**
   * A mutant.
   *
   * @param named part of it whose names are put elsewhere
   */
  Message mutant(Message whole, Message named) {
    Message.Builder builder = whole.toBuilder();
    names.clear();
    collectNames(named);
    for (int i = geometric(); i >= 0; i--) {
      mutate(somewhere(builder));
    }
    return builder.buildPartial();
  }

  private int geometric() {
    int n = 0;
    while (random.nextBoolean() && n < 12) {
      n++;
    }
    return n;
  }

  private void collectNames(Message message) {
    message
        .getAllFields()
        .forEach((field, value) -> {
          if (field.getJavaType() == FieldDescriptor.JavaType.MESSAGE && field.isRepeated()) {
            for (Object item : (List<?>) value) {
              ((Message) item)
                  .getAllFields()
                  .forEach((inner, text) -> {
                    if (text instanceof String name) {
                      names.add(name);
                    } else if (inner.getJavaType() == FieldDescriptor.JavaType.STRING) {
                      ((List<?>) text).forEach(name -> names.add((String) name));
                    }
                  });
            }
          }
        });
  }

  /** A message of the model, found by going down at random. */
  private Message.Builder somewhere(Message.Builder root) {
    Message.Builder at = root;
    while (true) {
      List<FieldDescriptor> inner = new ArrayList<>();
      for (FieldDescriptor field : at.getAllFields().keySet()) {
        // A map's entries have no builders; the map is changed as a whole.
        if (field.getJavaType() == FieldDescriptor.JavaType.MESSAGE && !field.isMapField()) {
          inner.add(field);
        }
      }
      if (inner.isEmpty() || at != root && random.nextInt(3) == 0) {
        return at;
      }
      FieldDescriptor field = inner.get(random.nextInt(inner.size()));
      at =
          field.isRepeated()
              ? at.getRepeatedFieldBuilder(field, random.nextInt(at.getRepeatedFieldCount(field)))
              : at.getFieldBuilder(field);
    }
  }

  private void mutate(Message.Builder message) {
    List<FieldDescriptor> fields = message.getDescriptorForType().getFields();
    if (fields.isEmpty()) {
      return;
    }
    List<FieldDescriptor> set = List.copyOf(message.getAllFields().keySet());
    FieldDescriptor field =
        set.isEmpty() || random.nextInt(3) == 0
            ? fields.get(random.nextInt(fields.size()))
            : set.get(random.nextInt(set.size()));
    if (!field.isRepeated()) {
      if (random.nextInt(6) == 0) {
        message.clearField(field);
      } else {
        message.setField(field, value(message, field));
      }
      return;
    }
    int count = message.getRepeatedFieldCount(field);
    if (count == 0 || random.nextInt(4) == 0) {
      message.addRepeatedField(field, value(message, field));
      return;
    }
    int index = random.nextInt(count);
    switch (random.nextInt(4)) {
      case 0 -> {
        List<Object> left = new ArrayList<>((List<?>) message.getField(field));
        left.remove(index);
        message.setField(field, left);
      }
      case 1 -> message.addRepeatedField(field, message.getRepeatedField(field, index));
      case 2 -> {
        Object other = message.getRepeatedField(field, random.nextInt(count));
        message.setRepeatedField(field, index, other);
      }
      default -> message.setRepeatedField(field, index, value(message, field));
    }
  }

  private Object value(Message.Builder message, FieldDescriptor field) {
    List<Object> given = donations.get(field);
    if (given != null && random.nextBoolean()) {
      return given.get(random.nextInt(given.size()));
    }
    return switch (field.getJavaType()) {
      case INT -> (int) extreme();
      case LONG -> extreme();
      case FLOAT -> Float.intBitsToFloat(random.nextInt());
      case DOUBLE -> Double.longBitsToDouble(random.nextLong());
      case BOOLEAN -> random.nextBoolean();
      case STRING -> names.isEmpty() ? "" : names.get(random.nextInt(names.size()));
      case BYTE_STRING -> {
        byte[] bytes = new byte[random.nextInt(40)];
        random.nextBytes(bytes);
        yield ByteString.copyFrom(bytes);
      }
      case ENUM -> {
        List<EnumValueDescriptor> values = field.getEnumType().getValues();
        yield values.get(random.nextInt(values.size()));
      }
      case MESSAGE -> message.newBuilderForField(field).buildPartial();
    };
  }

  private long extreme() {
    return random.nextBoolean()
        ? random.nextInt(33) - 4
        : EXTREMES[random.nextInt(EXTREMES.length)];
  }
}
