/* config_man: terkait.conf(5), from the table of settings, in mdoc. */
#include "config.h"
#include "config_value.h"

#include <string.h>

enum { COLUMNS = 78 };

static const char head[] =
    ".\\\" Made by `terkait check-config --write-man`.\n"
    ".Dd November 22, 2026\n"
    ".Dt TERKAIT.CONF 5\n"
    ".Os\n"
    ".Sh NAME\n"
    ".Nm terkait.conf\n"
    ".Nd settings of terkait\n"
    ".Sh DESCRIPTION\n"
    "The file that\n"
    ".Xr terkait 1\n"
    "reads when it is given\n"
    ".Fl c .\n"
    "Without it everything below has its default.\n"
    ".Pp\n"
    "Settings stand in sections:\n"
    ".Bd -literal -offset indent\n"
    "session {\n"
    "    gap = 45m\n"
    "}\n"
    "window \"24h\" {\n"
    "    length = 24h\n"
    "    panes = 24\n"
    "}\n"
    ".Ed\n"
    ".Pp\n"
    "On the command line the same is\n"
    ".Fl s Ar session.gap=45m\n"
    "and\n"
    ".Fl s Ar window.24h.panes=24 ,\n"
    "which wins over the file.\n"
    "A text with blanks or any of\n"
    ".Ql \", = + # { } ( )\"\n"
    "needs quotes;\n"
    ".Ql ${NAME:-text}\n"
    "is\n"
    ".Ev NAME\n"
    "of the environment, or the text.\n"
    "Times are written\n"
    ".Ql 100ms ,\n"
    ".Ql 5s ,\n"
    ".Ql 30m ,\n"
    ".Ql 24h ,\n"
    ".Ql 7d ;\n"
    "sizes as bytes or\n"
    ".Ql 64k ,\n"
    ".Ql 512m ,\n"
    ".Ql 4g ;\n"
    "lists\n"
    ".Ql {a, b} .\n"
    "A wrong key, type or value stops the start with file, line and what was\n"
    "probably meant.\n"
    ".Pp\n"
    "Those marked\n"
    ".Dq reload\n"
    "are taken over on\n"
    ".Dv SIGHUP ;\n"
    "the others need a restart.\n"
    ".Sh SETTINGS\n";

static const char tail[] = ".Sh FILES\n"
                           ".Bl -tag -width Ds\n"
                           ".It Pa /etc/terkait/terkait.conf\n"
                           "What the service reads.\n"
                           ".El\n"
                           ".Sh EXAMPLES\n"
                           "What most shops need to say:\n"
                           ".Bd -literal -offset indent\n"
                           "kafka {\n"
                           "    brokers = \"kafka-1:9092,kafka-2:9092\"\n"
                           "    topic = \"events\"\n"
                           "}\n"
                           "redis {\n"
                           "    url = \"redis://127.0.0.1:6379/0\"\n"
                           "}\n"
                           ".Ed\n"
                           ".Sh SEE ALSO\n"
                           ".Xr terkait 1\n";

/* A word in mdoc: what is between backticks in bold. */
static void add_word(struct strbuf *out, const char *word, size_t length,
                     int *is_bold)
{
    for (size_t i = 0; i < length; i++) {
        if (word[i] == '`')
            strbuf_add_text(out, (*is_bold = !*is_bold) ? "\\fB" : "\\fR");
        else if (word[i] == '\\')
            strbuf_add_text(out, "\\e");
        else
            strbuf_add_char(out, word[i]);
    }
}

/* A sentence begins a line, as mdoc wants it; none is too long. */
static void write_text(FILE *out, const char *text)
{
    struct strbuf word = STRBUF_EMPTY;
    size_t column = 0;
    int is_bold = 0;

    while (*text != '\0') {
        size_t length = strcspn(text, " ");
        int ends = length > 0 && text[length - 1] == '.';

        strbuf_clear(&word);
        add_word(&word, text, length, &is_bold);
        if (column > 0 && column + 1 + word.length > COLUMNS) {
            fputc('\n', out);
            column = 0;
        }
        fprintf(out, "%s%s", column > 0 ? " " : "", word.bytes);
        column += word.length + (column > 0);
        text += length;
        text += strspn(text, " ");
        if (ends || *text == '\0') {
            fputc('\n', out);
            column = 0;
        }
    }
    strbuf_deinit(&word);
}

static void add_default(struct strbuf *out, const struct setting *setting)
{
    strbuf_add_text(out, "Default: ");
    if (setting->fallback == NULL)
        strbuf_add_text(out, setting->otherwise != NULL ? setting->otherwise
                                                        : "must be given");
    else if (setting->fallback[0] == '\0')
        strbuf_add_text(out, "empty");
    else
        strbuf_add_format(out, "`%s`", setting->fallback);
    strbuf_add_text(out, ". ");
}

static void write_setting(FILE *out, const struct setting *setting,
                          int is_titled)
{
    struct strbuf key = STRBUF_EMPTY, text = STRBUF_EMPTY;

    setting_add_key(&key, setting, is_titled ? "NAME" : NULL);
    fprintf(out, ".It Ic %s\n", key.bytes);
    strbuf_add_format(&text, "%s ", setting->help);
    if (setting->flags & SETTING_UNUSED)
        strbuf_add_text(&text, "No effect in this version yet. ");
    add_default(&text, setting);
    strbuf_add_text(&text, "Allowed: ");
    setting_add_kind(&text, setting);
    strbuf_add_text(&text, setting->flags & SETTING_RELOAD ? "; reload." : ".");
    write_text(out, text.bytes);
    strbuf_deinit(&key);
    strbuf_deinit(&text);
}

static void write_section(FILE *out, const struct config_section *section)
{
    fprintf(out, ".Ss %s\n",
            section->name[0] != '\0' ? section->name : "Outside of sections");
    write_text(out, section->help);
    fputs(".Bl -tag -width Ds\n", out);
    for (size_t i = 0; i < config_table_size; i++)
        if (strcmp(config_table[i].section, section->name) == 0)
            write_setting(out, &config_table[i], section->is_titled);
    fputs(".El\n", out);
}

void config_write_man(FILE *out)
{
    fputs(head, out);
    for (size_t i = 0; i < config_sections_size; i++)
        write_section(out, &config_sections[i]);
    fputs(tail, out);
}
