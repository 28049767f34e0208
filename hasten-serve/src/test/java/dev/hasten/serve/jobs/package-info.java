@NullMarked
package dev.hasten.serve.jobs;

import org.jspecify.annotations.NullMarked;
