package dev.hasten.bench;

import java.util.Arrays;
import java.util.Random;

/** Damages bytes: flipped, cut, spliced, with a length field changed. */
final class ByteDamage {
  private ByteDamage() {}

  /**
   * A damaged copy.
   *
   * @param donor what pieces are taken from
   */
  static byte[] of(byte[] whole, byte[] donor, Random random) {
    if (whole.length < 4) {
      return whole;
    }
    byte[] bytes = whole.clone();
    int at = random.nextInt(bytes.length);
    switch (random.nextInt(5)) {
      case 0 -> bytes[at] = (byte) random.nextInt(256);
      case 1 -> bytes[at] ^= (byte) (1 << random.nextInt(8));
      case 2 -> bytes = Arrays.copyOf(bytes, at);
      // Many a small byte is the length of something.
      case 3 -> bytes[at] += (byte) (random.nextInt(9) - 4);
      default -> {
        int from = random.nextInt(donor.length);
        int length = Math.min(random.nextInt(64), Math.min(donor.length - from, bytes.length - at));
        System.arraycopy(donor, from, bytes, at, length);
      }
    }
    return bytes;
  }
}
