#include "rows.h"

#include "base/text.h"
#include "web/plural.h"
#include "web/template.h"

enum name {
	NAME,
	NONE,
	EMPTY,
	SAID,
	UNSAID,
	LIST,
	NOBODY,
	N,
	MARKUP,
	NAMES
};
static const char *const names[NAMES] = { "name", "none", "empty", "said",
	"unsaid", "list", "nobody", "n", "markup" };

static const char phrases[] = "# a remark = no phrase\n"
			      "\n"
			      "plural[one] = n = 1\n"
			      "blocks[n one] = {{n}} block\n"
			      "blocks[n other] = {{n}} blocks\n"
			      "hello = Hello {{name}}\n"
			      "long = one\n"
			      "\ttwo\n"
			      "    three\n"
			      "twice = first\n"
			      "twice = second\n"
			      "blank = {{! }}\nlast = at the end";

static void
write_markup(const void *what, struct text *out)
{
	text_add(out, what);
}

static struct variable one[] = {
	{ .kind = VARIABLE_NUMBER, .name = N, .text = "1", .number = 1 }
};
static struct variable two[] = {
	{ .kind = VARIABLE_NUMBER, .name = N, .number = 2, .next = &two[1] },
	{ .name = NAME, .text = "inner" }
};
static struct section list[] = { { .variable = one, .next = &list[1] },
	{ .variable = two } };
static struct variable variables[] = {
	{ .name = NAME, .text = "<b>&\"'", .next = &variables[1] },
	{ .name = NONE, .text = NULL, .next = &variables[2] },
	{ .name = EMPTY, .text = "", .next = &variables[3] },
	{ .kind = VARIABLE_PHRASE,
	    .name = SAID,
	    .phrase = "hello",
	    .next = &variables[4] },
	{ .kind = VARIABLE_PHRASE,
	    .name = UNSAID,
	    .phrase = "no such phrase",
	    .next = &variables[5] },
	{ .kind = VARIABLE_LIST,
	    .name = LIST,
	    .list = list,
	    .next = &variables[6] },
	{ .kind = VARIABLE_MARKUP,
	    .name = MARKUP,
	    .write = write_markup,
	    .what = "<i>" },
};

/* One template and the phrases. */
static struct templates *
templates_of(
    const char *template, const char *words, struct template_error *error)
{
	const struct template_source sources[] = {
		{ "page", "page.html", template, strlen(template), false,
		    false },
		{ "words", "en.phrases", words, strlen(words), true, false },
	};

	return templates_new(sources, COUNT(sources),
	    &(struct template_names){ names, NAMES, NULL }, error);
}

/* Render a template with the variables and phrases; false where it is refused
 * or does not fit. */
static bool
render(const char *template, enum template_form form, char *buf, size_t size)
{
	const struct section section = { .variable = variables };
	struct template_error error;
	struct templates *templates = templates_of(template, phrases, &error);
	struct text out;
	bool fine;

	if (templates == NULL) {
		fail_msg("%s: %s", template, error.what);
	}
	text_init(&out, buf, size);
	fine = template_render(templates, "page", form, &section, &out);
	templates_free(templates);
	return fine;
}

static void
templates_rendered(void **state)
{
	struct rows rows;

	(void)state;
	rows_open(&rows, "templates.rows", "templates_rendered");
	while (rows_next(&rows)) {
		char buf[128];
		const bool fine = render(
		    rows.field[0], TEMPLATE_HTML, buf, sizeof(buf));

		check_int(rows.sentence, fine, rows.field[1] != NULL);
		if (rows.field[1] != NULL) {
			rows_check(&rows, 1, buf);
		}
	}
}

static void
plain_is_not_escaped(void **state)
{
	char buf[64];

	(void)state;
	assert_true(
	    render("{{name}} {{hello}}", TEMPLATE_PLAIN, buf, sizeof(buf)));
	check_text("as it is", buf, "<b>&\"' Hello <b>&\"'");
}

static void
wrong_ones_are_refused(void **state)
{
	struct rows rows;

	(void)state;
	rows_open(&rows, "templates.rows", "wrong_ones_are_refused");
	while (rows_next(&rows)) {
		struct template_error error;
		struct templates *templates = templates_of(
		    rows.field[0], rows.field[1], &error);

		if (templates != NULL) {
			fail_msg("%s: taken", rows.sentence);
		}
		rows_check(&rows, 2, error.what);
	}
}

static void
plurals_are_chosen(void **state)
{
	struct rows rows;

	(void)state;
	rows_open(&rows, "templates.rows", "plurals_are_chosen");
	while (rows_next(&rows)) {
		const char *at = rows.field[0];
		char form[16] = "other";
		bool holds = false;

		while (!holds && *at != '\0') {
			const size_t name = strcspn(at, ":");
			const char *rule = at + name + 1;
			const size_t len = strcspn(rule, ";");

			if (!plural_holds(
				rule, len, rows_number(&rows, 1), &holds)) {
				(void)text_copy(form, sizeof(form), "no rule");
			} else if (holds) {
				memcpy(form, at, name + 1);
				form[name] = '\0';
			}
			at = rule + len + strspn(rule + len, "; ");
		}
		rows_check(&rows, 2, form);
	}
}

static void
too_little_room(void **state)
{
	char buf[8];

	(void)state;
	assert_true(render("1234567", TEMPLATE_HTML, buf, sizeof(buf)));
	assert_false(render("12345678", TEMPLATE_HTML, buf, sizeof(buf)));
	assert_false(render("{{name}}", TEMPLATE_HTML, buf, sizeof(buf)));
}

static void
escapes(void **state)
{
	static const struct {
		const char *sentence, *text, *want;
	} rows[] = {
		{ "plain text", "a b", "a b" },
		{ "a tag", "<script>", "&lt;script&gt;" },
		{ "the end of an attribute", "\" onload='x'",
		    "&quot; onload=&#39;x&#39;" },
		{ "a reference is not taken for one", "&lt;", "&amp;lt;" },
		{ "control characters", "a\r\n\tb\x7f\x01", "a???b??" },
		{ "other letters", "é", "é" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char buf[64];
		struct text out;

		text_init(&out, buf, sizeof(buf));
		template_escape(&out, rows[i].text, strlen(rows[i].text));
		check_text(rows[i].sentence, buf, rows[i].want);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(templates_rendered),
		cmocka_unit_test(plain_is_not_escaped),
		cmocka_unit_test(wrong_ones_are_refused),
		cmocka_unit_test(plurals_are_chosen),
		cmocka_unit_test(too_little_room),
		cmocka_unit_test(escapes),
	};

	return cmocka_run_group_tests_name("template", tests, NULL, NULL);
}
