package dev.hasten.serve.protocol;

import com.linecorp.armeria.server.ServiceRequestContext;
import dev.hasten.runtime.Prediction;
import dev.hasten.runtime.RequestOptions;
import dev.hasten.serve.repository.Cancelling;
import dev.hasten.serve.repository.ModelRepository;
import dev.hasten.serve.wire.GRPCInferenceServiceGrpc.GRPCInferenceServiceImplBase;
import dev.hasten.serve.wire.ModelConfigRequest;
import dev.hasten.serve.wire.ModelConfigResponse;
import dev.hasten.serve.wire.ModelInferRequest;
import dev.hasten.serve.wire.ModelInferResponse;
import dev.hasten.serve.wire.ModelMetadataRequest;
import dev.hasten.serve.wire.ModelMetadataResponse;
import dev.hasten.serve.wire.ModelReadyRequest;
import dev.hasten.serve.wire.ModelReadyResponse;
import dev.hasten.serve.wire.ModelStatisticsRequest;
import dev.hasten.serve.wire.ModelStatisticsResponse;
import dev.hasten.serve.wire.ModelStreamInferResponse;
import dev.hasten.serve.wire.RepositoryIndexRequest;
import dev.hasten.serve.wire.RepositoryIndexResponse;
import dev.hasten.serve.wire.RepositoryModelLoadRequest;
import dev.hasten.serve.wire.RepositoryModelLoadResponse;
import dev.hasten.serve.wire.RepositoryModelUnloadRequest;
import dev.hasten.serve.wire.RepositoryModelUnloadResponse;
import dev.hasten.serve.wire.ServerLiveRequest;
import dev.hasten.serve.wire.ServerLiveResponse;
import dev.hasten.serve.wire.ServerMetadataRequest;
import dev.hasten.serve.wire.ServerMetadataResponse;
import dev.hasten.serve.wire.ServerReadyRequest;
import dev.hasten.serve.wire.ServerReadyResponse;
import io.grpc.Metadata;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/** The protocol over gRPC: {@code inference.GRPCInferenceService}. */
public final class GrpcService extends GRPCInferenceServiceImplBase {
  /** Tells when another try may be worth it, in milliseconds. */
  private static final Metadata.Key<String> RETRY =
      Metadata.Key.of("grpc-retry-pushback-ms", Metadata.ASCII_STRING_MARSHALLER);

  private final ModelRepository repository;
  private final BooleanSupplier ready;
  private final String version;
  private final boolean admin;
  private final Set<InferStream> streams = ConcurrentHashMap.newKeySet();
  private volatile boolean stopping;

  /** The parameters are {@link RestService}'s. */
  public GrpcService(
      ModelRepository repository, BooleanSupplier ready, String version, boolean admin) {
    this.repository = repository;
    this.ready = ready;
    this.version = version;
    this.admin = admin;
  }

  @Override
  public void serverLive(ServerLiveRequest request, StreamObserver<ServerLiveResponse> out) {
    answer(out, () -> ServerLiveResponse.newBuilder().setLive(true).build());
  }

  @Override
  public void serverReady(ServerReadyRequest request, StreamObserver<ServerReadyResponse> out) {
    answer(out, () -> ServerReadyResponse.newBuilder().setReady(ready.getAsBoolean()).build());
  }

  @Override
  public void modelReady(ModelReadyRequest request, StreamObserver<ModelReadyResponse> out) {
    answer(
        out,
        () -> {
          boolean open = true;
          try {
            repository.lease(request.getName(), request.getVersion()).close();
          } catch (ProtocolException e) {
            open = false;
          }
          return ModelReadyResponse.newBuilder().setReady(open).build();
        });
  }

  @Override
  public void serverMetadata(
      ServerMetadataRequest request, StreamObserver<ServerMetadataResponse> out) {
    answer(out, () -> Descriptions.server(version));
  }

  @Override
  public void modelMetadata(
      ModelMetadataRequest request, StreamObserver<ModelMetadataResponse> out) {
    answer(
        out,
        () -> {
          try (var lease = repository.lease(request.getName(), request.getVersion())) {
            return Descriptions.model(lease.model(), repository);
          }
        });
  }

  @Override
  public void modelConfig(ModelConfigRequest request, StreamObserver<ModelConfigResponse> out) {
    answer(
        out,
        () -> {
          try (var lease = repository.lease(request.getName(), request.getVersion())) {
            return ModelConfigResponse.newBuilder().setConfig(lease.model().config()).build();
          }
        });
  }

  @Override
  public void modelStatistics(
      ModelStatisticsRequest request, StreamObserver<ModelStatisticsResponse> out) {
    answer(out, () -> Descriptions.statistics(repository, request.getName(), request.getVersion()));
  }

  @Override
  public void repositoryIndex(
      RepositoryIndexRequest request, StreamObserver<RepositoryIndexResponse> out) {
    answer(out, () -> Descriptions.index(repository, request.getReady()));
  }

  @Override
  public void repositoryModelLoad(
      RepositoryModelLoadRequest request, StreamObserver<RepositoryModelLoadResponse> out) {
    change(
        out,
        () -> {
          RestService.refuseOverrides(request.getParametersMap().keySet().stream());
          repository.load(request.getModelName());
        },
        RepositoryModelLoadResponse.getDefaultInstance());
  }

  @Override
  public void repositoryModelUnload(
      RepositoryModelUnloadRequest request, StreamObserver<RepositoryModelUnloadResponse> out) {
    change(
        out,
        () -> repository.unload(request.getModelName()),
        RepositoryModelUnloadResponse.getDefaultInstance());
  }

  @Override
  public void modelInfer(ModelInferRequest request, StreamObserver<ModelInferResponse> out) {
    // All of the answer on the event loop: from another thread its message and its end would each
    // wake it.
    Executor loop = ServiceRequestContext.current().eventLoop();
    CompletableFuture<ModelInferResponse> answer = infer(request);
    if (out instanceof ServerCallStreamObserver<?> call) {
      call.setOnCancelHandler(() -> answer.cancel(true));
    }
    answer.whenCompleteAsync(
        (response, failure) -> {
          if (answer.isCancelled()) {
            return;
          }
          if (failure != null) {
            out.onError(error(failure));
          } else {
            out.onNext(response);
            out.onCompleted();
          }
        },
        loop);
  }

  @Override
  public StreamObserver<ModelInferRequest> modelStreamInfer(
      StreamObserver<ModelStreamInferResponse> out) {
    InferStream stream =
        new InferStream(
            this::infer,
            (ServerCallStreamObserver<ModelStreamInferResponse>) out,
            ServiceRequestContext.current().eventLoop(),
            streams::remove);
    stream.begin();
    streams.add(stream);
    if (stopping) {
      stream.stop();
    }
    return stream;
  }

  /** Ends the streams, which clients may hold open for ever, each after its last answer. */
  public void stop() {
    stopping = true;
    streams.forEach(InferStream::stop);
  }

  private CompletableFuture<ModelInferResponse> infer(ModelInferRequest message) {
    ServiceRequestContext ctx = ServiceRequestContext.current();
    ModelRepository.Lease lease;
    try {
      lease = repository.lease(message.getModelName(), message.getModelVersion());
    } catch (RuntimeException e) {
      return CompletableFuture.failedFuture(e);
    }
    if (message.getSerializedSize() <= BySize.INLINE_BYTES) {
      return infer(ctx, lease, message);
    }
    CompletableFuture<ModelInferResponse> answer = new CompletableFuture<>();
    try {
      ctx.blockingTaskExecutor().execute(() -> pass(infer(ctx, lease, message), answer));
    } catch (RuntimeException e) {
      lease.close();
      return CompletableFuture.failedFuture(e);
    }
    return answer;
  }

  /** What comes of a run is the answer; cancelling the answer cancels the run. */
  private static <T> void pass(CompletableFuture<T> run, CompletableFuture<T> answer) {
    Cancelling.both(answer, run);
    run.whenComplete((response, failure) -> {
      if (failure != null) {
        answer.completeExceptionally(failure);
      } else {
        answer.complete(response);
      }
    });
  }

  /** Closes the lease after the run. */
  private static CompletableFuture<ModelInferResponse> infer(
      ServiceRequestContext ctx, ModelRepository.Lease lease, ModelInferRequest message) {
    InferenceRequest request;
    CompletableFuture<Prediction> run;
    try {
      request = GrpcCodec.read(message);
      run = RestService.run(ctx, lease.model(), request, options(ctx, request));
    } catch (RuntimeException e) {
      lease.close();
      return CompletableFuture.failedFuture(e);
    }
    // Bytes are passed on as they are; classes are sorted.
    boolean sorts = request.outputs().stream().anyMatch(output -> output.classes() > 0);
    CompletableFuture<ModelInferResponse> answer =
        BySize.write(
            ctx,
            run,
            sorts ? ctx.eventLoop() : Runnable::run,
            prediction ->
                GrpcCodec.write(
                    InferenceResponse.of(lease.model(), request, prediction.outputs())));
    // Added last, it runs first: the run is cancelled before its model is let go.
    answer.whenComplete((response, failure) -> lease.close());
    return Cancelling.both(answer, run);
  }

  /** A call's own deadline counts unless the request names one. */
  private static RequestOptions options(ServiceRequestContext ctx, InferenceRequest request) {
    RequestOptions options = CallOptions.of(ctx, request.parameters());
    boolean limited = ctx.request().headers().contains("grpc-timeout");
    if (options.deadline().isPresent() || !limited || ctx.requestTimeoutMillis() <= 0) {
      return options;
    }
    return options.withDeadline(Duration.ofMillis(ctx.requestTimeoutMillis()));
  }

  private <T> void change(StreamObserver<T> out, Runnable change, T done) {
    if (!admin) {
      out.onError(
          error(
              ProtocolException.of(
                  ProtocolException.Kind.FORBIDDEN,
                  "models cannot be loaded or unloaded from outside (start the server with"
                      + " --admin)")));
      return;
    }
    RestService.CHANGES.execute(() ->
        answer(
            out,
            () -> {
              change.run();
              return done;
            }));
  }

  private static <T> void answer(StreamObserver<T> out, Supplier<T> answer) {
    T message;
    try {
      message = answer.get();
    } catch (RuntimeException e) {
      out.onError(error(e));
      return;
    }
    out.onNext(message);
    out.onCompleted();
  }

  private static StatusRuntimeException error(Throwable failure) {
    ProtocolException refusal = Failures.refusal(failure);
    Metadata trailers = new Metadata();
    refusal
        .retryAfter()
        .ifPresent(after -> trailers.put(RETRY, Long.toString(Math.max(1, after.toMillis()))));
    return refusal.kind().grpc().withDescription(refusal.getMessage()).asRuntimeException(trailers);
  }
}
