package dev.hasten.runtime;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;

/** {@link BundleManifest} as {@code bundle.json}. */
final class ManifestJson {
  private ManifestJson() {}

  static String write(BundleManifest manifest) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("schema", BundleManifest.SCHEMA);
    json.put("name", manifest.name());
    json.put("pipeline", manifest.pipeline().toMap());
    json.put("recipe", manifest.recipe());
    json.put("tuning", tuning(manifest.tuning()));
    manifest.tunedOn().ifPresent(tunedOn -> json.put("tunedOn", tunedOn(tunedOn)));
    json.put("summary", manifest.summary());
    json.put("files", new TreeMap<>(manifest.files()));
    return Json.write(json);
  }

  private static Map<String, Object> tuning(Tuning tuning) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("backend", tuning.backend());
    json.put("intraOpThreads", tuning.intraOpThreads());
    json.put("optimization", Section.label(tuning.optimization()));
    json.put("spinning", Section.label(tuning.spinning()));
    json.put("maxBatch", tuning.maxBatch());
    tuning.batching().ifPresent(batching -> json.put("batching", BatchingJson.write(batching)));
    return json;
  }

  private static Map<String, Object> tunedOn(TunedOn tunedOn) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("processor", tunedOn.processor());
    json.put("isa", tunedOn.isa());
    json.put("runtime", tunedOn.runtime());
    return json;
  }

  /**
   * @param where the file, for messages
   */
  static BundleManifest read(String where, byte[] text) {
    Map<?, ?> json = Json.parseObject(where, text);
    try {
      return manifest(json);
    } catch (BadInputException e) {
      throw new BadInputException(where + ": " + e.getMessage(), e);
    }
  }

  private static BundleManifest manifest(Map<?, ?> json) {
    Section root = new Section("", json);
    int schema = root.integer("schema", 0, 0);
    if (schema != BundleManifest.SCHEMA) {
      String remedy = schema > BundleManifest.SCHEMA ? "; use a newer Hasten for this bundle" : "";
      throw new BadInputException(
          "schema: " + schema + " (expected: " + BundleManifest.SCHEMA + remedy + ")");
    }
    return new BundleManifest(
        root.text("name", ""),
        PipelineSpecs.parse("pipeline", root.requiredMap("pipeline")),
        root.text("recipe", ""),
        root.optionalSection("tuning").map(ManifestJson::tuning).orElse(Tuning.defaults()),
        root.optionalSection("tunedOn").map(ManifestJson::tunedOn),
        summary(root.map("summary")),
        files(root.section("files"), root.map("files")));
  }

  private static Tuning tuning(Section section) {
    Tuning defaults = Tuning.defaults();
    return new Tuning(
        section.text("backend", defaults.backend()),
        section.integer("intraOpThreads", defaults.intraOpThreads(), 0),
        section.choice("optimization", defaults.optimization()),
        section.choice("spinning", defaults.spinning()),
        section.integer("maxBatch", defaults.maxBatch(), 1),
        section.optionalSection("batching").map(BatchingJson::read));
  }

  private static TunedOn tunedOn(Section section) {
    return new TunedOn(section.text("processor"), section.texts("isa"), section.text("runtime"));
  }

  private static Map<String, Object> summary(Map<?, ?> json) {
    Map<String, Object> summary = new LinkedHashMap<>();
    json.forEach((key, value) -> {
      if (value != null) {
        summary.put(String.valueOf(key), value);
      }
    });
    return summary;
  }

  private static Map<String, String> files(Section section, Map<?, ?> json) {
    Map<String, String> files = new TreeMap<>();
    for (Object key : json.keySet()) {
      String name = String.valueOf(key);
      String digest = section.text(name);
      if (!digest.matches("[0-9a-f]{64}")) {
        throw section.wrong(name, digest, "a SHA-256 in hexadecimal, lower case");
      }
      files.put(name, digest);
    }
    return files;
  }
}
