/* Loops over registers and small arrays. */
#include "jobs.h"
#include <stdlib.h>
#include <string.h>

static uint64_t next(uint64_t *state) {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

uint64_t job_alu(void) {
    uint64_t a = 1, b = 2, c = 3;
    for (uint64_t i = 0; i < 120000000; i++) {
        a += b ^ i;
        b = (b << 3) - c;
        c ^= a >> 5;
    }
    return a ^ b ^ c;
}

uint64_t job_sieve(void) {
    enum { SIZE = 2000000 };
    uint8_t *composite = malloc(SIZE);
    uint64_t count = 0;
    for (int round = 0; round < 12; round++) {
        memset(composite, 0, SIZE);
        for (uint64_t i = 2; i * i < SIZE; i++)
            if (!composite[i])
                for (uint64_t j = i * i; j < SIZE; j += i) composite[j] = 1;
        for (int i = 2; i < SIZE; i++) count += !composite[i];
    }
    free(composite);
    return count;
}

static void sort(uint64_t *low, uint64_t *high) {
    while (low < high) {
        uint64_t pivot = low[(high - low) / 2], *i = low, *j = high;
        while (i <= j) {
            while (*i < pivot) i++;
            while (*j > pivot) j--;
            if (i <= j) {
                uint64_t t = *i;
                *i++ = *j;
                *j-- = t;
            }
        }
        if (j - low < high - i) {
            sort(low, j);
            low = i;
        } else {
            sort(i, high);
            high = j;
        }
    }
}

uint64_t job_quicksort(void) {
    enum { SIZE = 1000000 };
    uint64_t *values = malloc(SIZE * sizeof *values), seed = 88172645463325252ull, sum = 0;
    for (int round = 0; round < 6; round++) {
        for (int i = 0; i < SIZE; i++) values[i] = next(&seed);
        sort(values, values + SIZE - 1);
        for (int i = 0; i < SIZE; i++) sum = sum * 31 + values[i];
    }
    free(values);
    return sum;
}

__attribute__((noinline)) static uint64_t add(uint64_t x) { return x + 3; }
__attribute__((noinline)) static uint64_t twist(uint64_t x) { return x ^ (x >> 3); }
__attribute__((noinline)) static uint64_t turn(uint64_t x) { return (x << 1) | (x >> 63); }
__attribute__((noinline)) static uint64_t mix(uint64_t x) { return x * 0x9e3779b97f4a7c15ull; }

uint64_t job_calls(void) {
    uint64_t (*volatile table[8])(uint64_t) = {add, twist, turn, mix, twist, add, mix, turn};
    uint64_t x = 1;
    for (uint64_t i = 0; i < 40000000; i++) x = table[(x ^ i) & 7](x);
    return x;
}

uint64_t job_crc(void) {
    static uint32_t table[256];
    static uint8_t data[65536];
    uint64_t seed = 1;
    for (uint32_t i = 0; i < 256; i++) {
        uint32_t c = i;
        for (int bit = 0; bit < 8; bit++) c = c & 1 ? 0xedb88320u ^ (c >> 1) : c >> 1;
        table[i] = c;
    }
    for (unsigned i = 0; i < sizeof data; i++) data[i] = (uint8_t)next(&seed);
    uint32_t crc = ~0u;
    for (int round = 0; round < 1200; round++)
        for (unsigned i = 0; i < sizeof data; i++) crc = table[(crc ^ data[i]) & 255] ^ (crc >> 8);
    return crc;
}

/* What CoreMark does, in small: a linked list, an integer matrix, a state machine. */
struct node { struct node *next; int value; };

static int state_machine(const char *text) {
    int state = 0, visits = 0;
    for (; *text; text++, visits++) {
        switch (state) {
        case 0: state = *text >= '0' && *text <= '9' ? 1 : *text == '-' || *text == '+' ? 2 : *text == '.' ? 3 : 4; break;
        case 1: state = *text == '.' ? 3 : *text >= '0' && *text <= '9' ? 1 : 4; break;
        case 2: state = *text >= '0' && *text <= '9' ? 1 : *text == '.' ? 3 : 4; break;
        case 3: state = *text == 'e' ? 2 : *text >= '0' && *text <= '9' ? 3 : 4; break;
        default: state = *text == ',' ? 0 : 4;
        }
    }
    return visits * 7 + state;
}

uint64_t job_coremark(void) {
    enum { NODES = 200, SIDE = 24 };
    static struct node nodes[NODES];
    static int a[SIDE][SIDE], b[SIDE][SIDE], c[SIDE][SIDE];
    uint64_t seed = 7, sum = 0;
    for (int round = 0; round < 6000; round++) {
        struct node *head = 0;
        for (int i = 0; i < NODES; i++) {
            nodes[i].value = (int)(next(&seed) & 0xffff);
            nodes[i].next = head;
            head = &nodes[i];
        }
        struct node *reversed = 0;
        while (head) {
            struct node *rest = head->next;
            head->next = reversed;
            reversed = head;
            head = rest;
        }
        for (struct node *n = reversed; n; n = n->next) sum += n->value & 1 ? n->value : sum >> 1;
        for (int i = 0; i < SIDE; i++)
            for (int j = 0; j < SIDE; j++) a[i][j] = i * j + round, b[i][j] = (int)sum + i - j;
        for (int i = 0; i < SIDE; i++)
            for (int j = 0; j < SIDE; j++) {
                int t = 0;
                for (int k = 0; k < SIDE; k++) t += a[i][k] * b[k][j];
                c[i][j] = t;
            }
        sum += (uint64_t)c[round % SIDE][(round / 3) % SIDE];
        sum += (uint64_t)state_machine("5012,-874,.5e-3,+1.25,T0.3e-1F,-12.e+2,99,abc,-110.700,+0.64400");
    }
    return sum;
}
