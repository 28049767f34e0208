package dev.hasten.serve;

import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.HttpStatus;
import com.linecorp.armeria.common.MediaType;
import com.linecorp.armeria.server.ServerBuilder;
import dev.hasten.serve.protocol.ProtocolException;
import dev.hasten.serve.repository.Latencies;
import dev.hasten.serve.repository.ModelRepository;
import dev.hasten.serve.repository.ServedModel;
import dev.hasten.serve.repository.Statistics;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.prometheus.metrics.model.registry.MultiCollector;
import io.prometheus.metrics.model.snapshots.ClassicHistogramBuckets;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import io.prometheus.metrics.model.snapshots.UnknownSnapshot;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.ToDoubleFunction;

/**
 * {@code /metrics} in Prometheus's text form: the names of NVIDIA Triton, so that its dashboards
 * work, a few of our own, and the JVM's. Read from the models when asked: what is unloaded is gone.
 */
final class ServerMetrics implements MultiCollector {
  private static final MediaType TEXT = MediaType.parse("text/plain; version=0.0.4; charset=utf-8");
  private static final int[] BATCH_BOUNDS = {1, 2, 4, 8, 16, 32, 64, 128};

  private record Sample(Labels labels, ServedModel model) {
    Statistics statistics() {
      return model.statistics();
    }
  }

  private final ModelRepository repository;
  private final PrometheusMeterRegistry registry =
      new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);

  ServerMetrics(ModelRepository repository) {
    this.repository = repository;
    registry.getPrometheusRegistry().register(this);
    new JvmMemoryMetrics().bindTo(registry);
    new JvmThreadMetrics().bindTo(registry);
    new ProcessorMetrics().bindTo(registry);
  }

  /** For numbers that others count. */
  MeterRegistry registry() {
    return registry;
  }

  void bind(ServerBuilder server) {
    server
        .route()
        .get("/metrics")
        .build(
            (ctx, req) -> HttpResponse.of(HttpStatus.OK, TEXT, registry.scrape(TEXT.toString())));
  }

  @Override
  public MetricSnapshots collect() {
    List<Sample> samples = samples();
    List<MetricSnapshot> all = new ArrayList<>(triton(samples));
    all.add(
        counter(
            samples,
            "hasten_requests_rejected",
            "Refused at once",
            s -> s.statistics().rejected()));
    all.add(
        counter(
            samples,
            "hasten_requests_expired",
            "Past their deadline",
            s -> s.statistics().expired()));
    all.add(
        counter(
            samples,
            "hasten_requests_cancelled",
            "Given up by clients",
            s -> s.statistics().cancelled()));
    all.add(
        counter(
            samples,
            "hasten_batches_stopped",
            "Runs of jobs stopped for interactive requests",
            s -> s.statistics().stopped()));
    all.add(
        gauge(samples, "hasten_requests_running", "Being run", s -> s.model().batcher().running()));
    all.add(batchSizes(samples));
    all.add(latencies(samples));
    all.add(
        loads(
            "hasten_model_loads", "Versions opened and warmed up", ModelRepository.Loads::opened));
    all.add(
        loads(
            "hasten_model_load_failures",
            "Versions that could not be opened",
            ModelRepository.Loads::failed));
    all.add(lastFailures());
    return new MetricSnapshots(all);
  }

  private List<Sample> samples() {
    List<Sample> samples = new ArrayList<>();
    for (ModelRepository.Entry entry : repository.index()) {
      if (entry.state() == ModelRepository.State.READY) {
        try (ModelRepository.Lease lease = repository.lease(entry.model(), entry.version())) {
          samples.add(
              new Sample(
                  Labels.of("model", entry.model(), "version", entry.version()), lease.model()));
        } catch (ProtocolException gone) {
          // Unloaded since it was listed.
        }
      }
    }
    return samples;
  }

  private static List<MetricSnapshot> triton(List<Sample> all) {
    return List.of(
        named(
            all,
            "nv_inference_request_success",
            "Requests answered",
            s -> s.statistics().success().count()),
        named(
            all,
            "nv_inference_request_failure",
            "Requests not answered",
            s -> s.statistics().fail().count()),
        named(all, "nv_inference_count", "Examples answered", s -> s.statistics().inferences()),
        named(
            all, "nv_inference_exec_count", "Runs of the model", s -> s.statistics().executions()),
        micros(all, "nv_inference_request_duration_us", "Arrival to answer", Statistics::success),
        micros(all, "nv_inference_queue_duration_us", "Time waited", Statistics::queue),
        micros(all, "nv_inference_compute_input_duration_us", "Pre-processing", Statistics::input),
        micros(all, "nv_inference_compute_infer_duration_us", "Runs", Statistics::infer),
        micros(
            all, "nv_inference_compute_output_duration_us", "Post-processing", Statistics::output),
        gauge(
            all,
            "nv_inference_pending_request_count",
            "Waiting requests",
            s -> s.model().batcher().waiting()));
  }

  private interface Part {
    Statistics.Total of(Statistics statistics);
  }

  private static MetricSnapshot micros(List<Sample> all, String name, String help, Part part) {
    return named(
        all,
        name,
        help + ", in all, in microseconds",
        s -> Math.floorDiv(part.of(s.statistics()).nanos(), 1000L));
  }

  /** Triton's counters lack the suffix {@code _total}, which a counter would get: so untyped. */
  private static MetricSnapshot named(
      List<Sample> all, String name, String help, ToDoubleFunction<Sample> value) {
    UnknownSnapshot.Builder metric = UnknownSnapshot.builder().name(name).help(help);
    for (Sample sample : all) {
      metric.dataPoint(
          UnknownSnapshot.UnknownDataPointSnapshot.builder()
              .labels(sample.labels())
              .value(value.applyAsDouble(sample))
              .build());
    }
    return metric.build();
  }

  private static MetricSnapshot counter(
      List<Sample> all, String name, String help, ToDoubleFunction<Sample> value) {
    CounterSnapshot.Builder metric = CounterSnapshot.builder().name(name).help(help);
    for (Sample sample : all) {
      metric.dataPoint(
          CounterSnapshot.CounterDataPointSnapshot.builder()
              .labels(sample.labels())
              .value(value.applyAsDouble(sample))
              .build());
    }
    return metric.build();
  }

  private MetricSnapshot loads(
      String name, String help, ToDoubleFunction<ModelRepository.Loads> value) {
    CounterSnapshot.Builder metric = CounterSnapshot.builder().name(name).help(help);
    for (ModelRepository.Loads loads : repository.loads()) {
      metric.dataPoint(
          CounterSnapshot.CounterDataPointSnapshot.builder()
              .labels(Labels.of("model", loads.model()))
              .value(value.applyAsDouble(loads))
              .build());
    }
    return metric.build();
  }

  private MetricSnapshot lastFailures() {
    GaugeSnapshot.Builder metric =
        GaugeSnapshot.builder()
            .name("hasten_model_load_last_failure_timestamp_seconds")
            .help("When a version could not be opened, last");
    for (ModelRepository.Loads loads : repository.loads()) {
      loads
          .lastFailure()
          .ifPresent(when ->
              metric.dataPoint(
                  GaugeSnapshot.GaugeDataPointSnapshot.builder()
                      .labels(Labels.of("model", loads.model()))
                      .value(when.toEpochMilli() / 1e3)
                      .build()));
    }
    return metric.build();
  }

  private static MetricSnapshot gauge(
      List<Sample> all, String name, String help, ToDoubleFunction<Sample> value) {
    GaugeSnapshot.Builder metric = GaugeSnapshot.builder().name(name).help(help);
    for (Sample sample : all) {
      metric.dataPoint(
          GaugeSnapshot.GaugeDataPointSnapshot.builder()
              .labels(sample.labels())
              .value(value.applyAsDouble(sample))
              .build());
    }
    return metric.build();
  }

  private static MetricSnapshot batchSizes(List<Sample> all) {
    HistogramSnapshot.Builder metric =
        HistogramSnapshot.builder().name("hasten_batch_size").help("Examples per run");
    for (Sample sample : all) {
      TreeMap<Integer, Long> left = new TreeMap<>();
      double sum = 0;
      for (Map.Entry<Integer, Statistics.Total> batch : sample.statistics().batches().entrySet()) {
        long runs = batch.getValue().count();
        left.put(batch.getKey(), runs);
        sum += (double) batch.getKey() * runs;
      }
      ClassicHistogramBuckets.Builder buckets = ClassicHistogramBuckets.builder();
      for (int bound : BATCH_BOUNDS) {
        Map<Integer, Long> within = left.headMap(bound, true);
        buckets.bucket(bound, within.values().stream().mapToLong(Long::longValue).sum());
        within.clear();
      }
      buckets.bucket(
          Double.POSITIVE_INFINITY, left.values().stream().mapToLong(Long::longValue).sum());
      metric.dataPoint(
          HistogramSnapshot.HistogramDataPointSnapshot.builder()
              .labels(sample.labels())
              .classicHistogramBuckets(buckets.build())
              .sum(sum)
              .build());
    }
    return metric.build();
  }

  /** Percentiles for dashboards: Triton's sums give the mean alone. */
  private static MetricSnapshot latencies(List<Sample> all) {
    HistogramSnapshot.Builder metric =
        HistogramSnapshot.builder()
            .name("hasten_request_duration_seconds")
            .help("Arrival to answer, of requests answered");
    for (Sample sample : all) {
      Latencies latencies = sample.statistics().latencies();
      ClassicHistogramBuckets.Builder buckets = ClassicHistogramBuckets.builder();
      long count = 0;
      for (int i = 0; i < latencies.size(); i++) {
        count += latencies.count(i);
        if (latencies.isDoubling(i) || i == latencies.size() - 1) {
          buckets.bucket(latencies.seconds(i), count);
          count = 0;
        }
      }
      metric.dataPoint(
          HistogramSnapshot.HistogramDataPointSnapshot.builder()
              .labels(sample.labels())
              .classicHistogramBuckets(buckets.build())
              .sum(sample.statistics().success().nanos() / 1e9)
              .build());
    }
    return metric.build();
  }
}
