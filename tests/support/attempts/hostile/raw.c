/* Make the system calls of each line of the input; print the number of the error, 0 = none.
   A line: "NUMBER ARGUMENT…;NUMBER ARGUMENT…"; hXX = bytes, L = the result of the call before. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static long value(char *word, long last) {
    if (*word == 'L') return last;
    if (*word != 'h') return strtol(word, NULL, 10);
    size_t length = strlen(++word) / 2;
    char *bytes = calloc(length + 8, 1);
    for (size_t i = 0; i < length; i++) {
        char pair[3] = {word[2 * i], word[2 * i + 1], 0};
        bytes[i] = (char)strtol(pair, NULL, 16);
    }
    return (long)bytes;
}

int main(void) {
    static char line[1 << 16];
    while (fgets(line, sizeof line, stdin)) {
        long last = 0;
        char *rest = line, *step;
        line[strcspn(line, "\n")] = 0;
        while (last != -1 && (step = strsep(&rest, ";"))) {
            long a[7] = {0};
            char *word;
            for (int i = 0; i < 7 && (word = strsep(&step, " ")); i++) a[i] = value(word, last);
            last = syscall(a[0], a[1], a[2], a[3], a[4], a[5], a[6]);
        }
        printf("%d\n", last == -1 ? errno : 0);
        fflush(stdout);
    }
    return 0;
}
