package dev.hasten.serve.console;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.hasten.runtime.Batching;
import dev.hasten.runtime.TensorInfo;
import dev.hasten.runtime.Tuning;
import dev.hasten.serve.protocol.Datatype;
import dev.hasten.serve.protocol.ProtocolException;
import dev.hasten.serve.repository.Latencies;
import dev.hasten.serve.repository.ModelRepository;
import dev.hasten.serve.repository.ServedModel;
import dev.hasten.serve.repository.Statistics;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.function.BooleanSupplier;

/**
 * Everything that the page shows of the server, as JSON. Numbers are totals since a model was
 * opened: the page shows how they grow.
 */
final class ConsoleState {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final ModelRepository repository;
  private final BooleanSupplier ready;
  private final String version;
  private final boolean jobs;
  private final ReportTickets tickets;
  private final long startedMillis = System.currentTimeMillis();

  ConsoleState(
      ModelRepository repository,
      BooleanSupplier ready,
      String version,
      boolean jobs,
      ReportTickets tickets) {
    this.repository = repository;
    this.ready = ready;
    this.version = version;
    this.jobs = jobs;
    this.tickets = tickets;
  }

  String json() {
    ObjectNode state = JSON.createObjectNode();
    state.put("version", version);
    state.put("ready", ready.getAsBoolean());
    state.put("jobs", jobs);
    state.put("up_ms", System.currentTimeMillis() - startedMillis);
    // Rates are differences of totals: against the clock that counted them, not the browser's.
    state.put("clock_ms", System.nanoTime() / 1_000_000);
    ArrayNode models = state.putArray("models");
    for (ModelRepository.Entry entry : repository.index()) {
      ObjectNode model = models.addObject();
      model.put("name", entry.model());
      model.put("version", entry.version());
      model.put("state", entry.state().name());
      model.put("reason", entry.reason());
      if (entry.state() == ModelRepository.State.READY) {
        try (ModelRepository.Lease lease = repository.lease(entry.model(), entry.version())) {
          describe(model, lease.model());
        } catch (ProtocolException gone) {
          // Unloaded since it was listed.
          model.put("state", ModelRepository.State.UNAVAILABLE.name());
        }
      }
    }
    return state.toString();
  }

  private void describe(ObjectNode out, ServedModel model) {
    model.warnings().forEach(out.putArray("warnings")::add);
    InputForm.of(out.putObject("input"), model.pipeline());
    ArrayNode tensors = out.putArray("tensors");
    for (TensorInfo input : model.inputs()) {
      ObjectNode tensor = tensors.addObject();
      tensor.put("name", input.name());
      tensor.put("datatype", Datatype.of(input.type()).name());
      input.shape().forEach(tensor.putArray("shape")::add);
    }
    Tuning tuning = model.batcher().tuning();
    ObjectNode settings = out.putObject("settings");
    settings.put("instances", tuning.batching().map(Batching::instances).orElse(1));
    settings.put("threads", tuning.intraOpThreads());
    settings.put("max_batch", tuning.maxBatch());
    if (model.report().isPresent()) {
      out.put("report", report(model));
    }
    out.put("waiting", model.batcher().waiting());
    out.put("running", model.batcher().running());
    count(out, model.statistics());
  }

  /** Relative, so that it holds behind a proxy's prefix too. */
  private String report(ServedModel model) {
    return "v2/models/%s/versions/%s/report?ticket=%s"
        .formatted(
            encoded(model.name()),
            encoded(model.version()),
            tickets.issue(model.name(), model.version()));
  }

  private static String encoded(String segment) {
    return URLEncoder.encode(segment, StandardCharsets.UTF_8).replace("+", "%20");
  }

  private static void count(ObjectNode out, Statistics statistics) {
    out.put("answered", statistics.success().count());
    out.put("examples", statistics.inferences());
    out.put("runs", statistics.executions());
    out.put("failed", statistics.fail().count());
    out.put("rejected", statistics.rejected());
    out.put("expired", statistics.expired());
    out.put("cancelled", statistics.cancelled());
    ObjectNode spent = out.putObject("spent_ms");
    spent.put("preprocessing", statistics.input().nanos() / 1e6);
    spent.put("queue", statistics.queue().nanos() / 1e6);
    spent.put("inference", statistics.infer().nanos() / 1e6);
    spent.put("postprocessing", statistics.output().nanos() / 1e6);
    ArrayNode batches = out.putArray("batches");
    for (Map.Entry<Integer, Statistics.Total> batch : statistics.batches().entrySet()) {
      batches.addArray().add(batch.getKey()).add(batch.getValue().count());
    }
    Latencies latencies = statistics.latencies();
    ArrayNode times = out.putArray("latency_ms");
    for (int i = 0; i < latencies.size(); i++) {
      long count = latencies.count(i);
      if (count > 0) {
        // The last bucket has no bound; JSON has no infinity.
        double bound = Math.min(latencies.seconds(i), latencies.seconds(latencies.size() - 2) * 2);
        times.addArray().add(bound * 1e3).add(count);
      }
    }
  }
}
