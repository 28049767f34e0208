package dev.hasten.serve;

import com.linecorp.armeria.common.FlagsProvider;

/**
 * Makes Armeria remember fewer routes. It remembers one for each path, with the headers that asked
 * for it; its 4096 of either kind fill with the paths of jobs, none of which is asked for long.
 * Whoever sets the flags as system properties overrules it.
 */
public final class RouteCacheSize implements FlagsProvider {
  private static final String FEW = "maximumSize=256";

  @Override
  public int priority() {
    return 0;
  }

  @Override
  public String routeCacheSpec() {
    return FEW;
  }

  @Override
  public String routeDecoratorCacheSpec() {
    return FEW;
  }

  @Override
  public String parsedPathCacheSpec() {
    return FEW;
  }
}
