/* Double precision. */
#include "jobs.h"
#include <math.h>
#include <string.h>

static uint64_t bits(double value) {
    uint64_t result;
    memcpy(&result, &value, sizeof result);
    return result;
}

uint64_t job_nbody(void) {
    static double p[5][3] = {{0, 0, 0}, {4.84, -1.16, -.10}, {8.34, 4.12, -.40}, {12.89, -15.11, -.22}, {15.37, -25.9, .179}};
    static double v[5][3] = {{0, 0, 0}, {.606, 2.81, -.02}, {-1.01, 1.82, .008}, {1.08, .868, -.01}, {.979, .594, -.034}};
    static const double m[5] = {39.47, .03769, .01128, .00172, .00203};
    for (int step = 0; step < 400000; step++) {
        for (int i = 0; i < 5; i++)
            for (int j = i + 1; j < 5; j++) {
                double d[3], square = 0;
                for (int k = 0; k < 3; k++) d[k] = p[i][k] - p[j][k], square += d[k] * d[k];
                double magnitude = 0.001 / (square * sqrt(square));
                for (int k = 0; k < 3; k++) v[i][k] -= d[k] * m[j] * magnitude, v[j][k] += d[k] * m[i] * magnitude;
            }
        for (int i = 0; i < 5; i++)
            for (int k = 0; k < 3; k++) p[i][k] += 0.001 * v[i][k];
    }
    return bits(p[0][0]) ^ bits(p[4][2]);
}

uint64_t job_mandelbrot(void) {
    uint64_t inside = 0;
    for (int y = 0; y < 300; y++)
        for (int x = 0; x < 300; x++) {
            double cr = x / 150.0 - 1.5, ci = y / 150.0 - 1.0, zr = 0, zi = 0;
            int n = 0;
            while (n < 200 && zr * zr + zi * zi < 4) {
                double t = zr * zr - zi * zi + cr;
                zi = 2 * zr * zi + ci;
                zr = t;
                n++;
            }
            inside += n;
        }
    return inside;
}

uint64_t job_matrix(void) {
    enum { SIDE = 200 };
    static double a[SIDE][SIDE], b[SIDE][SIDE], c[SIDE][SIDE];
    for (int i = 0; i < SIDE; i++)
        for (int j = 0; j < SIDE; j++) a[i][j] = 1.0 / (i + j + 1), b[i][j] = i - j * 0.5;
    for (int round = 0; round < 4; round++)
        for (int i = 0; i < SIDE; i++)
            for (int j = 0; j < SIDE; j++) {
                double t = 0;
                for (int k = 0; k < SIDE; k++) t += a[i][k] * b[k][j];
                c[i][j] = t + round;
            }
    return bits(c[17][91]);
}
