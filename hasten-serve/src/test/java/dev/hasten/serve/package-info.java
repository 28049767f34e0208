@NullMarked
package dev.hasten.serve;

import org.jspecify.annotations.NullMarked;
