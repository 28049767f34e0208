package dev.hasten.measure;

import dev.hasten.runtime.BadInputException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/** File formats that hold examples. */
public enum DataFormat {
  /** One JSON object a line. */
  JSONL,
  /** Comma- (or, by extension {@code .tsv}, tab-) separated values with a header line. */
  CSV,
  /** Named NumPy arrays; the first axis of each counts the examples. */
  NPZ,
  /** Apache Parquet. */
  PARQUET,
  /** A folder that holds one folder per class, with the files of the examples in it. */
  FOLDER,
  /** MNIST's arrays, labels in the file beside. */
  IDX;

  /**
   * The format that a file's name tells.
   *
   * @throws BadInputException for a name that tells none
   */
  public static DataFormat of(Path file) {
    if (Files.isDirectory(file)) {
      return FOLDER;
    }
    String name = String.valueOf(file.getFileName()).toLowerCase(Locale.ROOT);
    if (name.endsWith(".jsonl") || name.endsWith(".ndjson")) {
      return JSONL;
    }
    if (name.endsWith(".csv") || name.endsWith(".tsv")) {
      return CSV;
    }
    if (name.endsWith(".npz")) {
      return NPZ;
    }
    if (name.endsWith(".parquet")) {
      return PARQUET;
    }
    if (name.endsWith("-ubyte") || name.endsWith("-ubyte.gz") || name.endsWith(".idx")) {
      return IDX;
    }
    throw new BadInputException(
        file
            + ": the name does not tell the format (expected: .jsonl, .ndjson, .csv, .tsv, .npz,"
            + " .parquet, -ubyte or a folder); rename the file or give the format");
  }
}
