package dev.hasten.study.generate;

/**
 * A size that the model leaves open, and what was taken for it.
 *
 * @param symbol the model's name for it, or one of ours where it has none
 * @param role what it stands for
 * @param size taken
 * @param origin who decided
 * @param where the input and axis that it was first seen at: {@code input_ids[1]}
 */
public record Axis(String symbol, AxisRole role, long size, Origin origin, String where) {
  /** Who decided on a size. */
  public enum Origin {
    /** The user. */
    GIVEN,
    /** The graph: a weight that the axis is multiplied with. */
    WEIGHTS,
    /** Nobody: it is the usual size of such an axis. */
    GUESSED
  }

  Axis withSize(long changed) {
    return new Axis(symbol, role, changed, origin, where);
  }

  /** For people: {@code sequence (input_ids[1]) = 128, guessed: taken for a length}. */
  public String text() {
    String named = symbol.startsWith("?") ? where : symbol + " (" + where + ")";
    return named
        + " = "
        + size
        + switch (origin) {
          case GIVEN -> ", given";
          case WEIGHTS -> ", as the weights behind it demand";
          case GUESSED ->
              role == AxisRole.OTHER
                  ? ", guessed"
                  : ", guessed: taken for a " + role.name().toLowerCase(java.util.Locale.ROOT);
        };
  }
}
