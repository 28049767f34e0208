package dev.hasten.cli;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** A module uses those below it in this table, and nothing above. */
class ModulesTest {

  private static final Map<String, List<String>> MAY_USE =
      Map.of(
          "graph", List.of(),
          "runtime", List.of(),
          "measure", List.of("graph", "runtime"),
          "compress", List.of("graph", "runtime", "measure"),
          "study", List.of("graph", "runtime", "measure", "compress"),
          "serve", List.of("graph", "runtime", "measure", "compress", "study"),
          "cli", List.of("graph", "runtime", "measure", "compress", "study", "serve"));

  private static JavaClasses ours;

  @BeforeAll
  static void read() {
    ours =
        new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .importPackages("dev.hasten");
  }

  @TestFactory
  List<DynamicTest> modulesUseOnlyThoseBelow() {
    List<DynamicTest> tests = new ArrayList<>();
    MAY_USE.forEach((module, allowed) -> {
      List<String> reachable = new ArrayList<>(allowed);
      reachable.add(module);
      String[] packages =
          reachable.stream().map(name -> "dev.hasten." + name + "..").toArray(String[]::new);
      tests.add(
          DynamicTest.dynamicTest(
              module,
              () ->
                  noClasses()
                      .that()
                      .resideInAPackage("dev.hasten." + module + "..")
                      .should()
                      .dependOnClassesThat(
                          resideInAPackage("dev.hasten..").and(not(resideInAnyPackage(packages))))
                      .check(ours)));
    });
    return tests;
  }

  @Test
  void theWireFormatStaysInTheGraphModule() {
    classes()
        .that()
        .resideInAPackage("dev.hasten.graph.wire..")
        .should()
        .onlyBeAccessed()
        .byClassesThat()
        .resideInAPackage("dev.hasten.graph..")
        .check(ours);
  }

  @Test
  void modulesAreFreeOfCycles() {
    slices().matching("dev.hasten.(*)..").should().beFreeOfCycles().check(ours);
  }

  @Test
  void noCatchAllPackages() {
    noClasses().should().resideInAnyPackage("..util..", "..common..", "..impl..").check(ours);
  }
}
