package dev.hasten.serve.jobs;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;

/** Jobs as clients see them. */
final class JobJson {
  private static final ObjectMapper JSON = new ObjectMapper();

  private JobJson() {}

  /** One job. */
  static String of(Job job) {
    return node(job).toString();
  }

  /** A page of jobs; {@code next} goes into the next page's {@code after} while there are more. */
  static String of(List<Job> jobs, boolean more) {
    ObjectNode page = JSON.createObjectNode();
    ArrayNode list = page.putArray("jobs");
    jobs.forEach(job -> list.add(node(job)));
    if (more) {
      page.put("next", jobs.getLast().id());
    }
    return page.toString();
  }

  private static ObjectNode node(Job job) {
    ObjectNode out = JSON.createObjectNode();
    out.put("id", job.id());
    out.put("model_name", job.model());
    if (!job.version().isEmpty()) {
      out.put("model_version", job.version());
    }
    out.put("call", job.call() == Job.Call.INFER ? "infer" : "predict");
    out.put("bulk", job.bulk());
    out.put("state", job.state().text());
    ObjectNode progress = out.putObject("progress");
    progress.put("total", job.progress().parts());
    progress.put("done", job.progress().done());
    progress.put("failed", job.progress().failed());
    out.put("attempts", job.attempts());
    out.put("created", job.created().toString());
    job.started().ifPresent(time -> out.put("started", time.toString()));
    job.ended().ifPresent(time -> out.put("ended", time.toString()));
    if (job.state().ended()) {
      job.expires().ifPresent(time -> out.put("expires", time.toString()));
    }
    job.error().ifPresent(error -> out.put("error", error));
    job.webhook()
        .ifPresent(hook -> {
          ObjectNode node = out.putObject("webhook");
          node.put("tries", hook.tries());
          hook.outcome().ifPresent(outcome -> node.put("outcome", outcome));
        });
    if (job.state() == JobState.SUCCEEDED) {
      out.put("result", "/v2/jobs/" + job.id() + "/result");
    }
    return out;
  }
}
