package dev.hasten.measure;

import dev.hasten.runtime.BadInputException;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.zip.ZipFile;

/** A metric's class, from the class path or from a jar of the user's. */
final class MetricJar {
  private static final int SHOWN = 8;

  private MetricJar() {}

  /**
   * @throws BadInputException if there is no such jar or class, it is no metric, or can't be made
   */
  static Metric load(Path jar, String name) {
    if (!Files.isRegularFile(jar)) {
      throw new BadInputException(
          "jar: "
              + jar
              + (Files.isDirectory(jar) ? " is a folder" : ": no such file")
              + " (expected: a jar that holds the metric's class)");
    }
    List<String> classes = classes(jar);
    // Left open for as long as the process lives: a metric may load its other classes late.
    @SuppressWarnings("resource")
    URLClassLoader loader =
        new URLClassLoader(new URL[] {url(jar)}, MetricJar.class.getClassLoader());
    return load(loader, name, jar + ", which holds " + some(classes));
  }

  /**
   * @param where the class is looked for, for messages
   */
  static Metric load(ClassLoader loader, String name, String where) {
    try {
      Class<?> type = Class.forName(name, true, loader);
      if (!Metric.class.isAssignableFrom(type)) {
        throw new BadInputException(
            "metric: class %s (expected: it implements %s)"
                .formatted(name, Metric.class.getName()));
      }
      return (Metric) type.getConstructor().newInstance();
    } catch (ClassNotFoundException e) {
      throw new BadInputException(
          "metric: no class %s in %s (expected: one that implements %s, by its full name)"
              .formatted(name, where, Metric.class.getName()),
          e);
    } catch (UnsupportedClassVersionError e) {
      throw new BadInputException(
          "metric: class %s was compiled for a newer Java than %s (expected: javac --release %s)"
              .formatted(name, Runtime.version().feature(), Runtime.version().feature()),
          e);
    } catch (InvocationTargetException e) {
      throw unmade(name, "its constructor failed: " + e.getCause(), e);
    } catch (ReflectiveOperationException e) {
      throw unmade(name, e.toString(), e);
    } catch (LinkageError e) {
      throw unmade(name, e + "; a class that it needs must be in the same jar", e);
    }
  }

  private static BadInputException unmade(String name, String why, Throwable cause) {
    return new BadInputException(
        "metric: class %s can't be made: %s (expected: public, not abstract, with a public constructor without parameters)"
            .formatted(name, why),
        cause);
  }

  private static List<String> classes(Path jar) {
    try (ZipFile zip = new ZipFile(jar.toFile())) {
      return zip.stream()
          .map(entry -> entry.getName())
          .filter(entry -> entry.endsWith(".class") && !entry.contains("$"))
          .map(entry -> entry.substring(0, entry.length() - 6).replace('/', '.'))
          .sorted()
          .toList();
    } catch (IOException e) {
      throw new BadInputException(
          "jar: "
              + jar
              + ": not a jar that can be read: "
              + e.getMessage()
              + " (expected: what the jar tool writes)",
          e);
    }
  }

  private static String some(List<String> classes) {
    String head = String.join(", ", classes.subList(0, Math.min(SHOWN, classes.size())));
    return classes.isEmpty() ? "no class" : classes.size() > SHOWN ? head + ", …" : head;
  }

  private static URL url(Path jar) {
    try {
      return jar.toUri().toURL();
    } catch (MalformedURLException e) {
      throw new BadInputException("jar: " + jar + ": " + e.getMessage(), e);
    }
  }
}
