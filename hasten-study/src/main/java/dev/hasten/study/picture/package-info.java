/**
 * A model as a drawing: groups within groups, each laid out in layers. Start reading at {@link
 * dev.hasten.study.picture.Picture}; the page that draws it is in {@code report}. Layers and the
 * order within them are found here, once; the page only gives them coordinates, anew whenever a
 * group is opened or closed.
 */
@NullMarked
package dev.hasten.study.picture;

import org.jspecify.annotations.NullMarked;
