package dev.hasten.bench;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.hasten.graph.wire.OnnxWire.ModelProto;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Random;

/** Damages models, as messages ({@link MessageMutator}) and some of them as bytes too. */
final class ModelMutator {
  private final Random random;
  private final List<ModelProto> seeds = new ArrayList<>();
  private final MessageMutator messages;

  ModelMutator(Collection<byte[]> models, long seed) {
    this.random = new Random(seed);
    for (byte[] model : models) {
      try {
        seeds.add(ModelProto.parseFrom(model));
      } catch (InvalidProtocolBufferException e) {
        throw new IllegalArgumentException("a seed is no model", e);
      }
    }
    this.messages = new MessageMutator(seeds, random);
  }

  /** The next mutant. */
  byte[] next() {
    ModelProto model = seeds.get(random.nextInt(seeds.size()));
    byte[] bytes = messages.mutant(model, model.getGraph()).toByteArray();
    return random.nextInt(4) == 0
        ? ByteDamage.of(bytes, seeds.get(random.nextInt(seeds.size())).toByteArray(), random)
        : bytes;
  }
}
