package dev.hasten.serve.protocol;

import com.linecorp.armeria.common.HttpRequest;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.util.TimeoutMode;
import com.linecorp.armeria.server.DecoratingHttpServiceFunction;
import com.linecorp.armeria.server.HttpService;
import com.linecorp.armeria.server.ServiceRequestContext;
import java.time.Duration;

/**
 * The server's limit for calls of gRPC. Armeria keeps to it until the message is there, and then
 * takes it away from calls without a deadline, and sets what a deadline says in its place.
 *
 * <p>Not for streams, which have no end that could be late.
 */
public final class CallLimit implements DecoratingHttpServiceFunction {
  private static final String STREAM = "/ModelStreamInfer";

  private final Duration most;

  public CallLimit(Duration most) {
    this.most = most;
  }

  @Override
  public HttpResponse serve(HttpService delegate, ServiceRequestContext ctx, HttpRequest req)
      throws Exception {
    HttpResponse response = delegate.serve(ctx, req);
    long asked = ctx.requestTimeoutMillis();
    if (!ctx.path().endsWith(STREAM) && (asked <= 0 || asked > most.toMillis())) {
      ctx.setRequestTimeout(TimeoutMode.SET_FROM_START, most);
    }
    return response;
  }
}
