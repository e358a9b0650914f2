#include "web/accent.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "base/text.h"

struct colour {
	double part[3]; /* red, green and blue, 0 to 255 */
};

/* The page's darkest light paper and lightest dark one (style.css). */
static const struct colour light_paper = { { 0xee, 0xec, 0xe6 } };
static const struct colour dark_paper = { { 0x2a, 0x2f, 0x34 } };
static const struct colour white = { { 255, 255, 255 } };
static const struct colour black = { { 0, 0, 0 } };

static bool
parse(const char *text, struct colour *out)
{
	static const char digits[] = "0123456789abcdef0123456789ABCDEF";

	if (text[0] != '#' || strlen(text) != 7) {
		return false;
	}
	for (size_t i = 0; i < 3; i++) {
		const char *high = strchr(digits, text[1 + 2 * i]);
		const char *low = strchr(digits, text[2 + 2 * i]);

		if (high == NULL || low == NULL) {
			return false;
		}
		out->part[i] = (double)((high - digits) % 16 * 16 +
					(low - digits) % 16);
	}
	return true;
}

/* Relative luminance.  The curve of sRGB is near to 0.8 x^2 + 0.2 x^3, a
 * little above it where it is dark; the contrast asked for makes up for it. */
static double
luminance(const struct colour *colour)
{
	static const double weight[3] = { 0.2126, 0.7152, 0.0722 };
	double sum = 0;

	for (size_t i = 0; i < 3; i++) {
		const double x = colour->part[i] / 255;

		sum += weight[i] * x * x * (0.8 + 0.2 * x);
	}
	return sum;
}

static double
contrast(const struct colour *a, const struct colour *b)
{
	const double one = luminance(a) + 0.05;
	const double other = luminance(b) + 0.05;

	return one > other ? one / other : other / one;
}

/* Draw a colour towards `end` until it can be read on `paper`. */
static struct colour
readable(
    struct colour colour, const struct colour *paper, const struct colour *end)
{
	const double enough = 5.0;

	for (int step = 0; step < 40 && contrast(&colour, paper) < enough;
	     step++) {
		for (size_t i = 0; i < 3; i++) {
			colour.part[i] += (end->part[i] - colour.part[i]) / 16;
		}
	}
	return colour;
}

static void
add_rules(const struct colour *colour, struct text *out)
{
	const struct colour *ink = contrast(colour, &white) >
					   contrast(colour, &black)
				       ? &white
				       : &black;

	text_addf(out,
	    ":root{--accent:#%02x%02x%02x;--on-accent:#%02x%02x%02x}",
	    (unsigned)colour->part[0], (unsigned)colour->part[1],
	    (unsigned)colour->part[2], (unsigned)ink->part[0],
	    (unsigned)ink->part[1], (unsigned)ink->part[2]);
}

void
accent_style(const char *colour, struct text *out)
{
	struct colour given;
	struct colour fit;

	if (!parse(colour, &given)) {
		return;
	}
	text_add(out, "\n/* The owner's colour. */\n");
	fit = readable(given, &light_paper, &black);
	add_rules(&fit, out);
	text_add(out, "\n@media screen and "
		      "(prefers-color-scheme: dark){");
	fit = readable(given, &dark_paper, &white);
	add_rules(&fit, out);
	text_add(out, "}\n");
}
