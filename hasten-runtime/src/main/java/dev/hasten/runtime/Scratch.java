package dev.hasten.runtime;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;

/**
 * Direct buffers that carry one run's inputs to native code; used again by later runs. Direct
 * memory is given back only when the garbage collector gets to it, so a fresh buffer per call would
 * make native memory grow under load.
 */
final class Scratch {
  /** Larger buffers are not kept: one huge input must not hold memory for ever. */
  static final int MOST_BYTES_KEPT = 16 << 20;

  private final ByteBuffer[] buffers;

  Scratch(List<TensorInfo> inputs) {
    buffers = new ByteBuffer[inputs.size()];
    Arrays.fill(buffers, ByteBuffer.allocateDirect(0));
  }

  /** A tensor with the elements of {@code array}; valid until the next call for this input. */
  OnnxTensor tensor(int input, NdArray array) throws OrtException {
    if (array.type() == ElementType.STRING) {
      return OnnxTensors.strings(array);
    }
    ByteBuffer source = array.data();
    if (source.isDirect()) {
      return OnnxTensors.over(array.type(), source, array.shape());
    }
    int bytes = source.remaining();
    if (buffers[input].capacity() < bytes) {
      buffers[input] = ByteBuffer.allocateDirect(roundUp(bytes)).order(ByteOrder.nativeOrder());
    }
    ByteBuffer own = buffers[input].duplicate().order(ByteOrder.nativeOrder());
    own.put(source).flip();
    return OnnxTensors.over(
        array.type(), own.slice().order(ByteOrder.nativeOrder()), array.shape());
  }

  boolean isWorthKeeping() {
    long total = 0;
    for (ByteBuffer buffer : buffers) {
      total += buffer.capacity();
    }
    return total <= MOST_BYTES_KEPT;
  }

  /** Powers of two, so that slowly growing lengths do not allocate each time. */
  private static int roundUp(int bytes) {
    return bytes > 1 << 29 ? bytes : Integer.highestOneBit(Math.max(64, bytes - 1)) << 1;
  }
}
