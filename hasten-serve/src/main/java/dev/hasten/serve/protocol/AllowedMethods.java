package dev.hasten.serve.protocol;

import com.linecorp.armeria.common.HttpMethod;
import com.linecorp.armeria.server.Route;
import com.linecorp.armeria.server.RoutePathType;
import com.linecorp.armeria.server.Server;
import com.linecorp.armeria.server.ServiceConfig;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** What a refusal of a method (405) must say: those that the path takes (RFC 9110, 15.5.6). */
final class AllowedMethods {
  private static final Pattern PARAMETER = Pattern.compile(":[A-Za-z]+");

  private AllowedMethods() {}

  /** As the header {@code Allow} has them. */
  static String of(Server server, String target) {
    String path = target.replaceFirst("\\?.*", "");
    Set<HttpMethod> methods = new TreeSet<>();
    for (ServiceConfig config : server.serviceConfigs()) {
      Route route = config.route();
      if (!route.isFallback() && matches(route, path)) {
        methods.addAll(route.methods());
      }
    }
    return methods.stream().map(HttpMethod::name).collect(Collectors.joining(", "));
  }

  private static boolean matches(Route route, String path) {
    String pattern = route.patternString();
    if (route.pathType() == RoutePathType.EXACT) {
      return pattern.equals(path);
    }
    if (route.pathType() != RoutePathType.PARAMETERIZED) {
      return false;
    }
    String[] literals = PARAMETER.split(pattern, -1);
    StringBuilder regex = new StringBuilder(Pattern.quote(literals[0]));
    for (int i = 1; i < literals.length; i++) {
      regex.append("[^/]+").append(Pattern.quote(literals[i]));
    }
    return path.matches(regex.toString());
  }
}
