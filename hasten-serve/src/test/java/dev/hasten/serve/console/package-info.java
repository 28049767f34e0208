@NullMarked
package dev.hasten.serve.console;

import org.jspecify.annotations.NullMarked;
