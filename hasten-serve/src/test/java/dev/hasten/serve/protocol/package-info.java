@NullMarked
package dev.hasten.serve.protocol;

import org.jspecify.annotations.NullMarked;
