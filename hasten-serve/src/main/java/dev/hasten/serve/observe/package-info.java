/**
 * What the server tells its operators of each request: the access log ({@link
 * dev.hasten.serve.observe.AccessLog}) and traces ({@link dev.hasten.serve.observe.Traces}).
 */
@NullMarked
package dev.hasten.serve.observe;

import org.jspecify.annotations.NullMarked;
