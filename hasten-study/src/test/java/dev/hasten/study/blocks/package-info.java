@NullMarked
package dev.hasten.study.blocks;

import org.jspecify.annotations.NullMarked;
