@NullMarked
package dev.hasten.study.picture;

import org.jspecify.annotations.NullMarked;
