/**
 * Durable asynchronous jobs: requests that are stored, answered some time later, and whose answers
 * are kept for a while. Start reading at {@link dev.hasten.serve.jobs.Jobs}.
 *
 * <p>An accepted job is never lost: it is run at least once, and exactly one result of it is
 * stored. A node holds a lease on what it runs and renews it; what a node that went away had is
 * taken over once its lease has run out. Every write of a result names the owner and the attempt
 * that it belongs to, so that a node that was taken for dead writes nothing.
 */
@NullMarked
package dev.hasten.serve.jobs;

import org.jspecify.annotations.NullMarked;
