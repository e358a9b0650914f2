/*
 * The owner's colour, made fit to be read in the light and in the dark.
 */
#ifndef WEB_ACCENT_H
#define WEB_ACCENT_H

struct text;

/* Add the rules of the style sheet that "#rrggbb" makes of it; nothing where it
 * is no colour.  What is written in it on the page's paper has a contrast of at
 * least 4.5 (WCAG 2.1, 1.4.3), and so has what is written on it. */
void accent_style(const char *colour, struct text *out);

#endif
