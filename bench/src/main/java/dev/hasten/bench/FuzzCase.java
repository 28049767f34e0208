package dev.hasten.bench;

import java.util.List;

/**
 * One damaged request, as bytes on the wire.
 *
 * @param index which, of its seed
 * @param kind how it was damaged
 * @param bytes in pieces, sent one after the other
 * @param whole the message is framed as its protocol says: there must be an answer to it
 * @param expected the status that it must get; 0: none in particular
 * @param head asks with HEAD
 */
record FuzzCase(
    long index, String kind, List<byte[]> bytes, boolean whole, int expected, boolean head) {
  FuzzCase {
    bytes = List.copyOf(bytes);
  }

  byte[] all() {
    int length = bytes.stream().mapToInt(piece -> piece.length).sum();
    byte[] all = new byte[length];
    int at = 0;
    for (byte[] piece : bytes) {
      System.arraycopy(piece, 0, all, at, piece.length);
      at += piece.length;
    }
    return all;
  }
}
