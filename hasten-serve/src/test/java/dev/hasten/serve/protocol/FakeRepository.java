package dev.hasten.serve.protocol;

import dev.hasten.serve.repository.ModelRepository;
import java.util.List;
import java.util.function.Consumer;

/** Lists what it has not: each of its models was unloaded since. */
final class FakeRepository implements ModelRepository {
  private final List<Entry> entries;
  private final Consumer<String> loads;

  FakeRepository(List<Entry> entries, Consumer<String> loads) {
    this.entries = List.copyOf(entries);
    this.loads = loads;
  }

  @Override
  public List<Entry> index() {
    return entries;
  }

  @Override
  public Lease lease(String model, String version) {
    throw ProtocolException.notFound("no model '" + model + "'");
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
