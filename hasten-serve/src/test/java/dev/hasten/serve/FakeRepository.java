package dev.hasten.serve;

import dev.hasten.serve.repository.ModelRepository;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Function;

/** A repository without models: what it lists, leases and loads is the test's. */
public final class FakeRepository implements ModelRepository {
  private final List<Entry> entries;
  private final Function<String, Lease> leases;
  private final Consumer<String> loads;

  public FakeRepository(
      List<Entry> entries, Function<String, Lease> leases, Consumer<String> loads) {
    this.entries = List.copyOf(entries);
    this.leases = leases;
    this.loads = loads;
  }

  /**
   * Lists and loads nothing.
   *
   * @param leases by the model's name
   */
  public static FakeRepository leasing(Function<String, Lease> leases) {
    return new FakeRepository(
        List.of(),
        leases,
        model -> {
          throw new UnsupportedOperationException();
        });
  }

  @Override
  public List<Entry> index() {
    return entries;
  }

  @Override
  public Lease lease(String model, String version) {
    return leases.apply(model);
  }

  @Override
  public void load(String model) {
    loads.accept(model);
  }

  @Override
  public void unload(String model) {
    throw new UnsupportedOperationException();
  }

  @Override
  public boolean ready() {
    return true;
  }

  @Override
  public void close() {}
}
