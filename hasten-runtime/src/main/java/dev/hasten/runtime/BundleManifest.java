package dev.hasten.runtime;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * What {@code bundle.json} says.
 *
 * @param name for people
 * @param recipe the recipe's YAML text; empty for a model that was left as it was
 * @param summary what was promised and measured: free JSON (maps, lists, strings, numbers,
 *     booleans)
 * @param files SHA-256 (hex) of each file by its name; filled in by {@link Bundle#write}
 */
public record BundleManifest(
    String name,
    PipelineSpec pipeline,
    String recipe,
    Tuning tuning,
    Optional<TunedOn> tunedOn,
    Map<String, Object> summary,
    Map<String, String> files) {
  /** The schema of {@code bundle.json} that this version writes. */
  public static final int SCHEMA = 1;

  public BundleManifest {
    // Not Map.copyOf, which forgets the order: the file is read by people too.
    summary = Collections.unmodifiableMap(new LinkedHashMap<>(summary));
    files = Collections.unmodifiableMap(new TreeMap<>(files));
  }

  public static BundleManifest of(String name, PipelineSpec pipeline) {
    return new BundleManifest(
        name, pipeline, "", Tuning.defaults(), Optional.empty(), Map.of(), Map.of());
  }

  public BundleManifest withPipeline(PipelineSpec spec) {
    return new BundleManifest(name, spec, recipe, tuning, tunedOn, summary, files);
  }

  public BundleManifest withRecipe(String yaml) {
    return new BundleManifest(name, pipeline, yaml, tuning, tunedOn, summary, files);
  }

  public BundleManifest withTuning(Tuning settings) {
    return new BundleManifest(name, pipeline, recipe, settings, tunedOn, summary, files);
  }

  public BundleManifest withTunedOn(TunedOn where) {
    return new BundleManifest(name, pipeline, recipe, tuning, Optional.of(where), summary, files);
  }

  public BundleManifest withSummary(Map<String, Object> json) {
    return new BundleManifest(name, pipeline, recipe, tuning, tunedOn, json, files);
  }

  public BundleManifest withFiles(Map<String, String> sha256ByName) {
    return new BundleManifest(name, pipeline, recipe, tuning, tunedOn, summary, sha256ByName);
  }
}
