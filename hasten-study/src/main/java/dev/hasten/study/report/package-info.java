/**
 * The report of a study: one self-contained {@code report.html} and its data, {@code report.json}.
 *
 * <p>Start at {@link dev.hasten.study.report.Report}. Each section of the page is one small class
 * that turns records into {@link dev.hasten.study.report.Html}; every table is written here, in
 * Java, so that the page reads without JavaScript. The script only draws the two charts, from the
 * records in {@code ChartData}.
 */
@NullMarked
package dev.hasten.study.report;

import org.jspecify.annotations.NullMarked;
