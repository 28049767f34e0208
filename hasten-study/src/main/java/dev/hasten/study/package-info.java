/**
 * The study: finds the recipe that makes a workload fastest within its promise.
 *
 * <p>Start with {@link dev.hasten.study.Workload#read}, {@link dev.hasten.study.Profile#of} and
 * {@link dev.hasten.study.Study#run}; what comes out is a {@link dev.hasten.study.StudyResult}.
 */
@NullMarked
package dev.hasten.study;

import org.jspecify.annotations.NullMarked;
