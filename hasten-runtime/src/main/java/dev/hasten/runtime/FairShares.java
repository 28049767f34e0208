package dev.hasten.runtime;

import java.util.HashMap;
import java.util.Map;

/**
 * Who has had how much of the instances' time: start-time fair queueing (Goyal, Vin, Cheng 1996). A
 * client that comes back after a pause is put level with those that waited: pauses are not saved
 * up, and clients that are gone are forgotten.
 */
final class FairShares {
  private static final int FEW = 64;

  private final Map<String, Double> weights;
  private final Map<String, Client> clients = new HashMap<>();
  private double level;
  private int sweepAt = FEW;

  FairShares(Map<String, Double> weights) {
    this.weights = weights;
  }

  private static final class Client {
    double used;
    int waiting;
  }

  void arrived(String name) {
    Client client = clients.computeIfAbsent(name, n -> new Client());
    if (client.waiting++ == 0) {
      client.used = Math.max(client.used, level);
    }
  }

  void left(String name) {
    known(name).waiting--;
    if (clients.size() > sweepAt) {
      clients.values().removeIf(client -> client.waiting == 0 && client.used <= level);
      sweepAt = Math.max(FEW, 2 * clients.size());
    }
  }

  int waiting(String name) {
    Client client = clients.get(name);
    return client == null ? 0 : client.waiting;
  }

  /** Clients that wait. */
  int backlogged() {
    return (int) clients.values().stream().filter(client -> client.waiting > 0).count();
  }

  /** Time had, in nanoseconds over the client's weight; for one that waits. */
  double used(String name) {
    return known(name).used;
  }

  /** The least used of those that are served next. */
  void reached(double used) {
    level = Math.max(level, used);
  }

  /** Below 0: given back. */
  void charge(String name, double nanos) {
    known(name).used += nanos / weights.getOrDefault(name, 1.0);
  }

  private Client known(String name) {
    Client client = clients.get(name);
    if (client == null) {
      throw new IllegalStateException(name + " does not wait");
    }
    return client;
  }
}
