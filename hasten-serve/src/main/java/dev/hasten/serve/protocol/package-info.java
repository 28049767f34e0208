/**
 * The Open Inference Protocol v2 with the extensions that existing clients use: requests and
 * answers apart from the wire in {@link dev.hasten.serve.protocol.InferenceRequest}, JSON and
 * binary tensors in {@link dev.hasten.serve.protocol.RestCodec}, protobuf in {@link
 * dev.hasten.serve.protocol.GrpcCodec}, the routes in {@link
 * dev.hasten.serve.protocol.RestService}.
 */
@NullMarked
package dev.hasten.serve.protocol;

import org.jspecify.annotations.NullMarked;
