package dev.hasten.measure;

import dev.hasten.runtime.AudioSource;
import dev.hasten.runtime.BadInputException;
import dev.hasten.runtime.ElementType;
import dev.hasten.runtime.Example;
import dev.hasten.runtime.ImageSource;
import dev.hasten.runtime.NdArray;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * Splits a dataset by a seeded hash of each example's content: the same example always goes to the
 * same split, whatever the order of the file, and duplicates never straddle two.
 *
 * <p>A limit keeps a uniform sample of the split, not the head of the file: files are often sorted.
 * A split's examples come in the order of their hash, so the first n of them are a uniform sample
 * too.
 *
 * @param seed of the hash
 * @param fractions of the splits; they sum to 1
 * @param limits most examples to keep of a split; a split without entry keeps all
 */
public record Splitter(long seed, Map<Split, Double> fractions, Map<Split, Integer> limits) {
  public Splitter {
    fractions = Map.copyOf(fractions);
    limits = Map.copyOf(limits);
    double sum = 0;
    for (Map.Entry<Split, Double> entry : fractions.entrySet()) {
      if (!(entry.getValue() >= 0)) {
        throw new BadInputException(
            "fraction of " + entry.getKey() + ": " + entry.getValue() + " (expected: >= 0)");
      }
      sum += entry.getValue();
    }
    if (Math.abs(sum - 1) > 1e-9) {
      throw new BadInputException(
          "fractions " + new TreeMap<>(fractions) + " sum to " + sum + " (expected: 1)");
    }
    limits.forEach((split, limit) -> {
      if (limit < 1) {
        throw new BadInputException("limit of " + split + ": " + limit + " (expected: >= 1)");
      }
    });
  }

  /** A fifth to calibrate, two fifths to validate, two fifths to test; no limits. */
  public static Splitter of(long seed) {
    return new Splitter(
        seed, Map.of(Split.CALIBRATE, 0.2, Split.VALIDATE, 0.4, Split.TEST, 0.4), Map.of());
  }

  /** The same with other fractions. */
  public Splitter withFractions(double calibrate, double validate, double test) {
    return new Splitter(
        seed,
        Map.of(Split.CALIBRATE, calibrate, Split.VALIDATE, validate, Split.TEST, test),
        limits);
  }

  /** The same, keeping at most {@code limit} examples of {@code split}. */
  public Splitter withLimit(Split split, int limit) {
    EnumMap<Split, Integer> changed = new EnumMap<>(Split.class);
    changed.putAll(limits);
    changed.put(split, limit);
    return new Splitter(seed, fractions, changed);
  }

  /** Where an example goes. */
  public Split splitOf(Example example) {
    return splitOf(digest(example));
  }

  /**
   * Reads the dataset once; memory is bounded by the limits.
   *
   * @throws BadInputException if a split with a fraction above 0 gets no example
   */
  public Splits split(Dataset dataset) {
    Map<Split, PriorityQueue<Ranked>> kept = new EnumMap<>(Split.class);
    for (Split split : Split.values()) {
      kept.put(split, new PriorityQueue<>(Ranked.ORDER.reversed()));
    }
    long seen = 0;
    try (Stream<LabeledExample> examples = dataset.stream()) {
      for (Iterator<LabeledExample> each = examples.iterator(); each.hasNext(); ) {
        LabeledExample example = each.next();
        ByteBuffer digest = digest(example.example());
        Split split = splitOf(digest);
        PriorityQueue<Ranked> queue = kept.getOrDefault(split, new PriorityQueue<>());
        queue.add(new Ranked(digest.getLong(8), seen++, example));
        if (queue.size() > limits.getOrDefault(split, Integer.MAX_VALUE)) {
          queue.poll();
        }
      }
    }
    for (Split split : Split.values()) {
      if (fractions.getOrDefault(split, 0.0) > 0 && ordered(kept, split).isEmpty()) {
        throw new BadInputException(
            "%s: %d examples leave none for the split %s (fraction %s; equal examples stay together);"
                    .formatted(dataset.name(), seen, split, fractions.get(split))
                + " give more data or another seed");
      }
    }
    return new Splits(
        ordered(kept, Split.CALIBRATE),
        ordered(kept, Split.VALIDATE),
        ordered(kept, Split.TEST),
        seen);
  }

  private static List<LabeledExample> ordered(Map<Split, PriorityQueue<Ranked>> kept, Split split) {
    return kept.getOrDefault(split, new PriorityQueue<>()).stream()
        .sorted(Ranked.ORDER)
        .map(Ranked::example)
        .toList();
  }

  private Split splitOf(ByteBuffer digest) {
    double position = (digest.getLong(0) >>> 11) * 0x1.0p-53;
    double edge = 0;
    Split last = Split.TEST;
    for (Split split : Split.values()) {
      double fraction = fractions.getOrDefault(split, 0.0);
      edge += fraction;
      if (position < edge) {
        return split;
      }
      last = fraction > 0 ? split : last;
    }
    return last;
  }

  private ByteBuffer digest(Example example) {
    MessageDigest sha;
    try {
      sha = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
    sha.update(ByteBuffer.allocate(Long.BYTES).putLong(seed).flip());
    switch (example) {
      case Example.Text(String text) -> sha.update(text.getBytes(StandardCharsets.UTF_8));
      case Example.Tensors(Map<String, NdArray> tensors) ->
          new TreeMap<>(tensors).forEach((name, array) -> update(sha, name, array));
      case Example.Image(ImageSource source) -> update(sha, source);
      case Example.Audio(AudioSource source) -> update(sha, source);
      case Example.Row row ->
          new TreeMap<>(row.values())
              .forEach((field, value) ->
                  sha.update((field + "\0" + value + "\0").getBytes(StandardCharsets.UTF_8)));
    }
    return ByteBuffer.wrap(sha.digest());
  }

  private static void update(MessageDigest sha, ImageSource source) {
    switch (source) {
      case ImageSource.File(Path file) -> update(sha, file);
      case ImageSource.Encoded(NdArray bytes) -> sha.update(bytes.bytes());
      case ImageSource.Pixels(NdArray pixels) -> update(sha, "", pixels);
    }
  }

  private static void update(MessageDigest sha, AudioSource source) {
    switch (source) {
      case AudioSource.File(Path file) -> update(sha, file);
      case AudioSource.Encoded(NdArray bytes) -> sha.update(bytes.bytes());
      case AudioSource.Samples(NdArray samples, int rate) -> update(sha, rate + " Hz", samples);
    }
  }

  private static void update(MessageDigest sha, Path file) {
    try (DigestInputStream in = new DigestInputStream(Files.newInputStream(file), sha)) {
      in.transferTo(OutputStream.nullOutputStream());
    } catch (IOException e) {
      throw DataFiles.unreadable(file, e);
    }
  }

  private static void update(MessageDigest sha, String name, NdArray array) {
    sha.update((name + " " + array).getBytes(StandardCharsets.UTF_8));
    if (array.type() == ElementType.STRING) {
      array.strings().forEach(s -> sha.update((s + "\0").getBytes(StandardCharsets.UTF_8)));
    } else {
      sha.update(array.bytes());
    }
  }

  /** An example with its place in the order of hashes; ties (duplicates) by the file's order. */
  private record Ranked(long rank, long position, LabeledExample example) {
    static final Comparator<Ranked> ORDER =
        Comparator.comparingLong(Ranked::rank).thenComparingLong(Ranked::position);
  }
}
