package dev.hasten.study;

import dev.hasten.graph.Model;
import dev.hasten.measure.Hardware;
import dev.hasten.measure.Row;
import dev.hasten.measure.Split;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Two models on one workload. */
final class SideBySide {
  private SideBySide() {}

  static List<Trial> run(
      Workload workload, Path reference, Path other, Duration perRow, Progress progress) {
    Workload.Peer peer = new Workload.Peer(StudyRun.name(other), other);
    Workload pair = workload.withModel(reference, List.of(peer));
    try (Lab lab =
        new Lab(
            pair, Model.read(reference), Hardware.detect(), workload.folder(), null, progress)) {
      Trial first =
          Trials.original(StudyRun.name(reference), Hashes.size(reference), Hashes.file(reference));
      Trial second = Trials.peer("peer-1", peer);
      TrialRunner.Subject subject = new TrialRunner.Subject(second.id(), peer.name());
      Duration speed = perRow.multipliedBy(pair.rows().size());
      progress.at("quality", 0.05, speed.multipliedBy(2));
      Quality quality =
          lab.quality(subject, Split.VALIDATE, Integer.MAX_VALUE, workload.promise().confidence());
      List<SpeedRow> ofFirst = new ArrayList<>();
      List<SpeedRow> ofSecond = new ArrayList<>();
      for (int i = 0; i < pair.rows().size(); i++) {
        Row row = pair.rows().get(i);
        progress.at(
            "speed at " + row,
            0.3 + 0.7 * i / pair.rows().size(),
            perRow.multipliedBy(pair.rows().size() - i));
        var measured = lab.speed(List.of(subject), List.of(row), perRow);
        ofFirst.addAll(measured.getOrDefault(TrialRunner.BASELINE, List.of()));
        ofSecond.addAll(measured.getOrDefault(second.id(), List.of()));
      }
      progress.at("done", 1, Duration.ZERO);
      return List.of(
          Trials.withSpeed(first, ofFirst),
          Trials.withSpeed(Trials.withValidate(second, quality, Trial.Stage.FINAL), ofSecond));
    }
  }
}
