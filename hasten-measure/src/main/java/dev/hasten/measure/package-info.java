/**
 * Measuring: data, quality, speed, memory, hardware.
 *
 * <p>Start reading at {@link dev.hasten.measure.Dataset} and {@link dev.hasten.measure.Splitter}
 * for data, {@link dev.hasten.measure.Metrics} and {@link dev.hasten.measure.Promise} for quality,
 * {@link dev.hasten.measure.SpeedTest} for speed, {@link dev.hasten.measure.Hardware} and {@link
 * dev.hasten.measure.Roofline} for what the machine allows.
 */
@NullMarked
package dev.hasten.measure;

import org.jspecify.annotations.NullMarked;
