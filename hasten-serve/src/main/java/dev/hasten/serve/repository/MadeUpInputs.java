package dev.hasten.serve.repository;

import dev.hasten.runtime.ElementType;
import dev.hasten.runtime.Example;
import dev.hasten.runtime.NdArray;
import dev.hasten.runtime.PipelineSpec;
import dev.hasten.runtime.TableColumn;
import dev.hasten.runtime.TensorInfo;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import javax.imageio.ImageIO;
import org.jspecify.annotations.Nullable;

/** Inputs of the form that a model declares, for want of real ones. */
final class MadeUpInputs {
  private static final String SENTENCE =
      "The harbour is a place where ships are safe from wind and waves, and where they load and"
          + " unload. ";

  /** Stands in for a size that may vary: a length, or the side of a picture. */
  private static final long LENGTH = 16;

  private static final long SIDE = 224;

  private MadeUpInputs() {}

  /**
   * What clients would send.
   *
   * @param longest as long as the pipeline takes it, else of a usual length
   */
  static Example example(PipelineSpec pipeline, boolean longest) {
    return switch (pipeline) {
      case PipelineSpec.Text text -> Example.text(longest ? longText(text) : SENTENCE.strip());
      case PipelineSpec.Image image -> Example.image(jpeg(image.maxPixels()));
      case PipelineSpec.Audio audio -> Example.audio(tone(audio), audio.rate());
      case PipelineSpec.Table table -> Example.row(row(table));
      case PipelineSpec.Tensors tensors ->
          throw new IllegalArgumentException("tensors are made by tensors()");
    };
  }

  private static String longText(PipelineSpec.Text text) {
    // A word is a token or more.
    int words = SENTENCE.split(" ").length;
    return SENTENCE.repeat(text.maxLength() / words + 1);
  }

  private static byte[] jpeg(long maxPixels) {
    int side = (int) Math.max(1, Math.min(480, Math.sqrt(maxPixels)));
    BufferedImage image = new BufferedImage(side, side, BufferedImage.TYPE_INT_RGB);
    for (int y = 0; y < side; y++) {
      for (int x = 0; x < side; x++) {
        image.setRGB(x, y, (x * 255 / side) << 16 | (y * 255 / side) << 8 | ((x ^ y) & 255));
      }
    }
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try {
      ImageIO.write(image, "jpg", out);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return out.toByteArray();
  }

  /** A second of a 440 Hz tone, or as much as is taken. */
  private static float[] tone(PipelineSpec.Audio audio) {
    double seconds = Math.min(audio.maxSeconds(), audio.seconds().orElse(1.0));
    float[] samples = new float[(int) Math.max(1, seconds * audio.rate())];
    for (int i = 0; i < samples.length; i++) {
      samples[i] = (float) (0.5 * Math.sin(2 * Math.PI * 440 * i / audio.rate()));
    }
    return samples;
  }

  private static Map<String, Object> row(PipelineSpec.Table table) {
    Map<String, Object> row = new LinkedHashMap<>();
    for (TableColumn column : table.columns()) {
      @Nullable Object value =
          switch (column) {
            case TableColumn.Numeric numeric -> numeric.fill().orElse(0.0);
            case TableColumn.OneHot hot -> first(hot.categories());
            case TableColumn.Ordinal ordinal -> first(ordinal.categories());
            case TableColumn.Text text -> "text";
            case TableColumn.Missing missing -> null;
          };
      if (value != null) {
        row.putIfAbsent(column.field(), value);
      }
    }
    return row;
  }

  private static @Nullable Object first(List<@Nullable Object> categories) {
    return categories.stream().filter(Objects::nonNull).findFirst().orElse(null);
  }

  /** Whether the declared shapes and types say all about what the model takes. */
  static boolean certain(List<TensorInfo> inputs, boolean batches) {
    return inputs.stream()
        .allMatch(input ->
            input.type().isFloating()
                && input.shape().stream().skip(batches ? 1 : 0).allMatch(size -> size >= 0));
  }

  /**
   * Tensors of the declared shapes; sizes of one name are the same. Whole numbers are 1, which is a
   * token, a mask, a category, more often than other numbers are.
   *
   * @param rows size of the first axis, where the model {@code batches}
   */
  static Map<String, NdArray> tensors(List<TensorInfo> inputs, boolean batches, int rows) {
    Map<String, NdArray> tensors = new HashMap<>();
    for (TensorInfo input : inputs) {
      long[] shape = new long[input.rank()];
      for (int axis = 0; axis < shape.length; axis++) {
        long declared = input.shape().get(axis);
        long free = shape.length >= 4 ? SIDE : LENGTH;
        shape[axis] = declared >= 0 ? declared : axis == 0 ? (batches ? rows : 1) : free;
      }
      tensors.put(input.name(), tensor(input.type(), shape));
    }
    return tensors;
  }

  /** Bytes of such tensors for one row. */
  static long bytes(List<TensorInfo> inputs, boolean batches) {
    return tensors(inputs, batches, 1).values().stream()
        .mapToLong(tensor -> (long) tensor.size() * Math.max(1, tensor.type().bytes()))
        .sum();
  }

  /** Random numbers, or ones where they are whole. */
  static NdArray tensor(ElementType type, long[] shape) {
    int count = Math.toIntExact(Arrays.stream(shape).reduce(1, Math::multiplyExact));
    SplittableRandom random = new SplittableRandom(7);
    return switch (type) {
      case STRING -> NdArray.strings(Collections.nCopies(count, "text"), shape);
      case FLOAT -> {
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
          values[i] = (float) random.nextDouble();
        }
        yield NdArray.floats(values, shape);
      }
      case DOUBLE -> NdArray.doubles(random.doubles(count).toArray(), shape);
      case FLOAT16, BFLOAT16, UINT8, INT8, UINT16, INT16, INT32, INT64, BOOL, UINT32, UINT64 ->
          ones(type, count, shape);
    };
  }

  private static NdArray ones(ElementType type, int count, long[] shape) {
    int width = type.bytes();
    ByteBuffer data =
        ByteBuffer.allocate(Math.multiplyExact(count, width)).order(ByteOrder.nativeOrder());
    for (int i = 0; i < count; i++) {
      switch (type) {
        // 1.0 in either half precision.
        case FLOAT16 -> data.putShort(i * width, (short) 0x3C00);
        case BFLOAT16 -> data.putShort(i * width, (short) 0x3F80);
        case INT64, UINT64 -> data.putLong(i * width, 1);
        case INT32, UINT32 -> data.putInt(i * width, 1);
        case INT16, UINT16 -> data.putShort(i * width, (short) 1);
        case INT8, UINT8, BOOL -> data.put(i * width, (byte) 1);
        case FLOAT, DOUBLE, STRING -> throw new IllegalArgumentException(type.toString());
      }
    }
    return NdArray.of(type, data, shape);
  }
}
