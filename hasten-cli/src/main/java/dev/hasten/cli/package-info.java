/**
 * The {@code hasten} command. Start reading at {@link dev.hasten.cli.Main}; each command is one
 * class named after it.
 */
@NullMarked
package dev.hasten.cli;

import org.jspecify.annotations.NullMarked;
