/**
 * The page for people at {@code /}: {@link dev.hasten.serve.console.ConsoleService}. Its HTML, CSS
 * and scripts are resources, in the folder {@code page}.
 */
@NullMarked
package dev.hasten.serve.console;

import org.jspecify.annotations.NullMarked;
