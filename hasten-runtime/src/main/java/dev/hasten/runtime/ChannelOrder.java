package dev.hasten.runtime;

/** Where the channels stand in an image tensor. */
public enum ChannelOrder {
  /** {@code [batch, channels, height, width]}. */
  NCHW,
  /** {@code [batch, height, width, channels]}. */
  NHWC
}
