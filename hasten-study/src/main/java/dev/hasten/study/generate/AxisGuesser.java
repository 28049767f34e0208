package dev.hasten.study.generate;

import dev.hasten.graph.Dim;
import dev.hasten.graph.Shape;
import java.util.Locale;
import java.util.regex.Pattern;

/** Tells what an axis stands for, by its name or, where that says nothing, by its place. */
final class AxisGuesser {
  /** Names that exporters make up: {@code unk__12}, {@code s0}, {@code dim_3}. */
  private static final Pattern MEANINGLESS =
      Pattern.compile(
          "\\?.*|unk_*\\d*|unknown.*|none|dynamic.*|.*dynamicdimension.*|s\\d+|d\\d+|dim_?\\d+"
              + "|axis_?\\d+|_\\d+|\\d+|-1|x\\d+|.*_(dim|dynamic_axes)_?\\d+");

  private static final Pattern BATCH =
      Pattern.compile("n|b|bs|bsz|.*batch.*|num_?(examples|images)");
  private static final Pattern PAST = Pattern.compile(".*(past|cache|kv_?len).*");
  private static final Pattern LENGTH =
      Pattern.compile("l|t|.*(seq|len|token|time|frame|step|sample|words|chars|position).*");
  private static final Pattern HEIGHT = Pattern.compile("h|.*(height|rows).*");
  private static final Pattern WIDTH = Pattern.compile("w|.*(width|cols|columns).*");
  private static final Pattern CHANNELS = Pattern.compile("c|.*channel.*");

  private AxisGuesser() {}

  /** Inputs that carry a recurrent network's state from one call to the next. */
  private static final Pattern STATE = Pattern.compile("h|c|h0|c0|hn|cn|.*(state|hidden|cell).*");

  static AxisRole role(String input, String symbol, Shape shape, int axis, boolean floating) {
    String name = symbol.toLowerCase(Locale.ROOT).strip();
    if (!MEANINGLESS.matcher(name).matches()) {
      if (BATCH.matcher(name).matches()) {
        return AxisRole.BATCH;
      } else if (PAST.matcher(name).matches()) {
        return AxisRole.PAST;
      } else if (HEIGHT.matcher(name).matches()) {
        return AxisRole.HEIGHT;
      } else if (WIDTH.matcher(name).matches()) {
        return AxisRole.WIDTH;
      } else if (CHANNELS.matcher(name).matches()) {
        return AxisRole.CHANNELS;
      } else if (LENGTH.matcher(name).matches()) {
        return AxisRole.LENGTH;
      }
    }
    boolean state = STATE.matcher(input.toLowerCase(Locale.ROOT)).matches();
    return byPlace(shape, axis, floating, state);
  }

  private static AxisRole byPlace(Shape shape, int axis, boolean floating, boolean state) {
    int rank = shape.rank();
    if (state && rank == 3 && shape.dim(0).isFixed()) {
      // [layers, batch, hidden]
      return axis == 1 ? AxisRole.BATCH : AxisRole.OTHER;
    }
    if (rank == 1) {
      return floating ? AxisRole.LENGTH : AxisRole.OTHER;
    }
    if (axis == 0) {
      return AxisRole.BATCH;
    }
    if (rank == 2) {
      return AxisRole.LENGTH;
    }
    if (rank == 3) {
      // [batch, length, features] or, where the middle is fixed, [batch, features, length].
      return axis == 1 || shape.dim(1).isFixed() ? AxisRole.LENGTH : AxisRole.OTHER;
    }
    boolean channelsLast = fewChannels(shape.dim(-1)) && !fewChannels(shape.dim(1));
    int channels = channelsLast ? rank - 1 : 1;
    if (axis == channels) {
      return AxisRole.CHANNELS;
    }
    int last = channelsLast ? rank - 2 : rank - 1;
    return axis == last ? AxisRole.WIDTH : axis == last - 1 ? AxisRole.HEIGHT : AxisRole.OTHER;
  }

  private static boolean fewChannels(Dim dim) {
    return dim.value().isPresent() && dim.value().getAsLong() <= 4;
  }
}
