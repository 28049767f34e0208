@NullMarked
package dev.hasten.study.report;

import org.jspecify.annotations.NullMarked;
