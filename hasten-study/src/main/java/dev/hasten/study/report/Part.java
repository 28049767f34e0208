package dev.hasten.study.report;

/** What an element is made of. */
sealed interface Part permits Html, Html.Attribute {}
